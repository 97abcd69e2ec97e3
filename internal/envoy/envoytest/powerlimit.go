package envoytest

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
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
	// HourlyReset removes the limit and switches production on at the full hour,
	// as the cloud does.
	HourlyReset bool
	// NewNames has the newer name of the production switch in its answers.
	NewNames bool

	changed time.Time // of the limit
	wasCap  powerCap  // before the change
	onAt    time.Time // when production was switched on
	read    time.Time // of the previous request, for HourlyReset
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
	case l.Status == http.StatusUnauthorized, isRestricted && l.Installer != "" && bearer(r) != l.Installer:
		return nil, g.unauthorized(), false
	case l.Status != 0:
		return nil, text(l.Status, "text/html", errorPage(http.StatusText(l.Status))), false
	}
	l.reset(time.Now())
	return l, answer{}, true
}

// whole is a JSON number without a decimal point, which the gateway refuses.
var whole = regexp.MustCompile(`"(limit_value_W|slew_rate)":\s*-?\d+\s*[,}]`)

// powerLimit is /ivp/ss/dpel.
func (g *Gateway) powerLimit(r *http.Request) answer {
	isWrite := r.Method == http.MethodPost
	l, refusal, ok := g.limiter(r, isWrite)
	if !ok {
		return refusal
	}
	if isWrite {
		return g.setPowerLimit(l, r)
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

func (g *Gateway) setPowerLimit(l *PowerLimiter, r *http.Request) answer {
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
	if !l.Ignores {
		now := time.Now()
		l.wasCap, l.changed = l.powerCap(now), now
		l.wasCap.off = false
		l.Enabled = *doc.Settings.Enable
		if l.Enabled {
			l.Export, l.Watts = doc.Settings.Export, *doc.Settings.Watts
		}
	}
	return native("", "", map[string]any{"message": "success"})
}

// powerSwitch is /ivp/mod/603980032/mode/power.
func (g *Gateway) powerSwitch(r *http.Request) answer {
	l, refusal, ok := g.limiter(r, true)
	if !ok {
		return refusal
	}
	if r.Method == http.MethodPut {
		return l.setSwitch(r)
	}
	if l.NewNames {
		return native("", "", map[string]any{"pvPowerForcedOff": l.Off, "enchargePowerForcedOff": false})
	}
	return native("", "", map[string]any{"powerForcedOff": l.Off})
}

func (l *PowerLimiter) setSwitch(r *http.Request) answer {
	body, err := io.ReadAll(r.Body)
	var doc struct {
		Length int   `json:"length"`
		Arr    []int `json:"arr"`
	}
	if err != nil || json.Unmarshal(body, &doc) != nil || doc.Length != 1 || len(doc.Arr) != 1 || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return text(http.StatusBadRequest, "", `{"error":"Bad Request"}`+"\n")
	}
	if off := doc.Arr[0] == 1; !l.Ignores && off != l.Off {
		l.Off = off
		if !off {
			l.onAt = time.Now()
		}
	}
	return native("", "", map[string]any{})
}
