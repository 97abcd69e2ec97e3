package envoytest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	limitPath  = "/ivp/ss/dpel"
	switchPath = "/ivp/mod/603980032/mode/power"
)

// A PowerLimiter is the part of a gateway that limits its power. Its zero value
// has no limit, lets any token write and obeys after 20 s.
type PowerLimiter struct {
	Enabled bool
	Export  bool    // limits the export, not the production
	Watts   float64 // of a limit that is enabled
	Off     bool    // production is switched off

	// Delay is how long the power takes to obey; 0 means 20 s.
	Delay time.Duration
	// OnDelay is how long production stays off after it was switched on.
	OnDelay time.Duration
	// Inverted limits production where the export should be, and the reverse.
	Inverted bool
	// Ignores answers 200 to each write and does nothing.
	Ignores bool
	// Status, if not 0, is the status of each answer: 401, 404 or 503.
	Status int
	// Installer, if not empty, is the only token that may write, and read
	// whether production is off.
	Installer string
	// ForRole lets only tokens do that whose claim says that they are an
	// installer's.
	ForRole bool
	// HourlyReset removes the limit and switches production on at the full hour,
	// as the cloud does.
	HourlyReset bool
	// NewNames has the newer name of the production switch in its answers.
	NewNames bool

	writes  []LimitWrite
	changed time.Time // of the limit
	wasCap  powerCap  // before the change
	onAt    time.Time // when production was switched on
	read    time.Time // of the previous request, for HourlyReset
}

// limitVariants are firmwares that were reported, by name.
var limitVariants = map[string]PowerLimiter{
	"10s":      {Delay: 10 * time.Second},
	"20s":      {Delay: 20 * time.Second},
	"75s":      {Delay: 75 * time.Second},
	"300s":     {Delay: 300 * time.Second},
	"inverted": {Inverted: true, Delay: 90 * time.Second},
	"ignores":  {Ignores: true},
	"401":      {Status: http.StatusUnauthorized},
	"404":      {Status: http.StatusNotFound},
	"503":      {Status: http.StatusServiceUnavailable},
	"hourly":   {HourlyReset: true},
	"late":     {OnDelay: 14 * time.Hour}, // production comes back the next day
}

// LimitVariants returns the names of the firmwares that [LimitVariant] knows.
func LimitVariants() []string { return slices.Sorted(maps.Keys(limitVariants)) }

// LimitVariant returns the part of a gateway with a firmware that was reported, and
// whether there is one of that name. Its writes need an installer's token.
func LimitVariant(name string) (*PowerLimiter, bool) {
	l, ok := limitVariants[name]
	l.ForRole = true
	return &l, ok
}

// A LimitWrite is a change that was asked of a gateway.
type LimitWrite struct {
	Time time.Time
	Code int // of the answer
	// Switch reports that the request was for the production switch, which Off is
	// for. The others are for the limit.
	Switch, Off     bool
	Enabled, Export bool
	Watts           float64
}

// LimitWrites returns all changes that were asked of the gateway, also those that
// it refused.
func (g *Gateway) LimitWrites() []LimitWrite {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.PowerLimit == nil {
		return nil
	}
	return slices.Clone(g.PowerLimit.writes)
}

// A powerCap is what limits a house. Its zero value does not.
type powerCap struct {
	enabled, export, off bool
	mW                   int64
}

// apply limits the power of the inverters.
func (c powerCap) apply(f *flow) {
	if !c.enabled && !c.off {
		return
	}
	room := c.mW
	if c.export {
		room += f.use[0] + f.use[1] + f.use[2]
	}
	if c.off {
		room = 0
	}
	all := f.pv[0] + f.pv[1] + f.pv[2]
	if all <= max(0, room) {
		return
	}
	share := float64(max(0, room)) / float64(all)
	for i := range f.pv {
		f.pv[i] = int64(float64(f.pv[i]) * share)
	}
}

// powerCap returns what limits the house at a time.
func (l *PowerLimiter) powerCap(now time.Time) powerCap {
	if l == nil {
		return powerCap{}
	}
	l.reset(now)
	c := l.wasCap
	if now.Sub(l.changed) >= cmp.Or(l.Delay, 20*time.Second) {
		c = l.target()
	}
	c.off = l.Off || now.Sub(l.onAt) < l.OnDelay
	return c
}

// reset is what the cloud does at the full hour.
func (l *PowerLimiter) reset(now time.Time) {
	hour := now.Truncate(time.Hour)
	if l.HourlyReset && !l.read.IsZero() && l.read.Before(hour) {
		if l.Enabled {
			l.wasCap, l.changed, l.Enabled = l.target(), hour, false
		}
		if l.Off {
			l.Off, l.onAt = false, hour
		}
	}
	l.read = now
}

// target returns what limits the house after the delay.
func (l *PowerLimiter) target() powerCap {
	return powerCap{enabled: l.Enabled, export: l.Export != l.Inverted, mW: int64(1000 * l.Watts)}
}

// limiter returns the part of the gateway, or how it refuses a request.
func (g *Gateway) limiter(r *http.Request, isRestricted bool) (*PowerLimiter, answer, bool) {
	l := g.PowerLimit
	switch {
	case l == nil:
		return nil, g.missing(r.URL.Path), false
	case l.Status == http.StatusUnauthorized, isRestricted && !l.permits(bearer(r)):
		return l, g.unauthorized(), false
	case l.Status != 0:
		return l, text(l.Status, "text/html", errorPage(http.StatusText(l.Status))), false
	}
	l.reset(time.Now())
	return l, answer{}, true
}

// permits reports whether a token may write.
func (l *PowerLimiter) permits(token string) bool {
	return (l.Installer == "" || token == l.Installer) && (!l.ForRole || isInstallers(token))
}

// isInstallers reports whether a token claims to be an installer's.
func isInstallers(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Role string `json:"enphaseUser"`
	}
	return err == nil && json.Unmarshal(b, &claims) == nil && claims.Role == "installer"
}

// whole is a JSON number without a decimal point, which the gateway refuses.
var whole = regexp.MustCompile(`"(limit_value_W|slew_rate)":\s*-?\d+\s*[,}]`)

// powerLimit is /ivp/ss/dpel.
func (g *Gateway) powerLimit(r *http.Request) answer {
	isWrite := r.Method == http.MethodPost
	l, a, ok := g.limiter(r, isWrite)
	if isWrite {
		w := LimitWrite{Time: time.Now()}
		if ok {
			a = l.setLimit(r, &w)
		}
		l.record(w, a)
		return a
	}
	if !ok {
		return a
	}
	return native("", "", map[string]any{
		"dynamic_pel_settings": map[string]any{
			"enable": l.Enabled, "export_limit": l.Export, "limit_value_W": json.RawMessage(decimal(l.Watts)),
			"slew_rate": json.RawMessage("100.0"), "enable_dynamic_limiting": false,
		},
		"filename": "site_settings", "version": "00.00.01",
	})
}

// decimal returns a number with a decimal point.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// record keeps a change and how it was answered. Nothing is kept of a gateway
// without the part.
func (l *PowerLimiter) record(w LimitWrite, a answer) {
	if l != nil {
		w.Code = a.code
		l.writes = append(l.writes, w)
	}
}

// setLimit changes the limit and stores what was asked in w.
func (l *PowerLimiter) setLimit(r *http.Request, w *LimitWrite) answer {
	body, err := io.ReadAll(r.Body)
	var doc struct {
		Settings *struct {
			Enable *bool    `json:"enable"`
			Export bool     `json:"export_limit"`
			Watts  *float64 `json:"limit_value_W"`
		} `json:"dynamic_pel_settings"`
		Filename string `json:"filename"`
		Version  string `json:"version"`
	}
	if err != nil || json.Unmarshal(body, &doc) != nil || whole.Match(body) || doc.Filename != "site_settings" || doc.Version == "" ||
		doc.Settings == nil || doc.Settings.Enable == nil || *doc.Settings.Enable && doc.Settings.Watts == nil {
		return text(http.StatusBadRequest, "", `{"error":"Bad Request"}`+"\n")
	}
	w.Enabled = *doc.Settings.Enable
	if w.Enabled {
		w.Export, w.Watts = doc.Settings.Export, *doc.Settings.Watts
	}
	if !l.Ignores {
		l.wasCap, l.changed = l.powerCap(w.Time), w.Time
		l.wasCap.off = false
		l.Enabled = w.Enabled
		if l.Enabled {
			l.Export, l.Watts = w.Export, w.Watts
		}
	}
	return native("", "", map[string]any{"message": "success"})
}

// powerSwitch is /ivp/mod/603980032/mode/power.
func (g *Gateway) powerSwitch(r *http.Request) answer {
	l, a, ok := g.limiter(r, true)
	switch {
	case r.Method == http.MethodPut:
		w := LimitWrite{Time: time.Now(), Switch: true}
		if ok {
			a = l.setSwitch(r, &w)
		}
		l.record(w, a)
		return a
	case !ok:
		return a
	case l.NewNames:
		return native("", "", map[string]any{"pvPowerForcedOff": l.Off, "enchargePowerForcedOff": false})
	}
	return native("", "", map[string]any{"powerForcedOff": l.Off})
}

// setSwitch changes the switch and stores what was asked in w.
func (l *PowerLimiter) setSwitch(r *http.Request, w *LimitWrite) answer {
	body, err := io.ReadAll(r.Body)
	var doc struct {
		Length int   `json:"length"`
		Arr    []int `json:"arr"`
	}
	if err != nil || json.Unmarshal(body, &doc) != nil || doc.Length != 1 || len(doc.Arr) != 1 || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return text(http.StatusBadRequest, "", `{"error":"Bad Request"}`+"\n")
	}
	w.Off = doc.Arr[0] == 1
	if !l.Ignores && w.Off != l.Off {
		l.Off = w.Off
		if !w.Off {
			l.onAt = w.Time
		}
	}
	return native("", "", map[string]any{})
}
