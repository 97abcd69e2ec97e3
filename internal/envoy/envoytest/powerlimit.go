package envoytest

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
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

// permits reports whether a token may write.
func (l *PowerLimiter) permits(token string) bool {
	return (l.Installer == "" || token == l.Installer) && (!l.ForRole || isInstallers(token))
}

// whole is a JSON number without a decimal point, which the gateway refuses.
var whole = regexp.MustCompile(`"(limit_value_W|slew_rate)":\s*-?\d+\s*[,}]`)

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
