package limit

import (
	"fmt"
	"math"
	"time"
)

const (
	// effectTimeout is how long the power may take to obey.
	effectTimeout = 6 * time.Minute
	// oppositeTime is how long the power must do the opposite.
	oppositeTime = time.Minute
)

// An effect is the power after a setting was applied.
type effect struct {
	setting       Setting
	wroteAt       time.Time
	before        Measurement // before the write
	isReported    bool
	oppositeSince time.Time // zero while the power does not do the opposite
}

// isOpposite reports whether the power has done the opposite for long.
func (e *effect) isOpposite(power Measurement, now time.Time) bool {
	if !power.isOpposite(e.setting, e.before) {
		e.oppositeSince = time.Time{}
		return false
	}
	if e.oppositeSince.IsZero() {
		e.oppositeSince = now
	}
	return now.Sub(e.oppositeSince) >= oppositeTime
}

// isOver reports whether the power had the time to obey.
func (e *effect) isOver(now time.Time) bool { return now.Sub(e.wroteAt) >= effectTimeout }

// result returns a result with the power, such as "2000 W asked, 2012 W after 74 s".
func (e *effect) result(s Status, power Measurement, now time.Time, text string) Result {
	r := Result{Status: s, Asked: e.setting.String(), Text: text}
	w, ok := power.of(e.setting)
	if !ok {
		r.Text = "the power is not measured"
		return r
	}
	w, seconds := math.Round(w)+0, math.Round(now.Sub(e.wroteAt).Seconds())
	r.Watts, r.Seconds = &w, &seconds
	r.Text = fmt.Sprintf("%s W asked, %s W after %.0f s", watts(e.setting.Watts), watts(w), seconds)
	if text != "" {
		r.Text += ": " + text
	}
	return r
}

// A Measurement is the power of a sample, W.
type Measurement struct {
	Production    float64
	Export        float64 // at the grid connection, − import
	HasProduction bool
	HasExport     bool
}

// of returns the power that a setting limits.
func (m Measurement) of(s Setting) (power float64, ok bool) {
	if s.Active && s.Export {
		return m.Export, m.HasExport
	}
	return m.Production, m.HasProduction
}

// tolerance is how far the power may differ from a limit, W.
func tolerance(s Setting) float64 { return max(50, 0.03*s.Watts) }

// obeys reports whether the power is within a limit.
func (m Measurement) obeys(s Setting) bool {
	power, ok := m.of(s)
	return ok && power <= s.Watts+tolerance(s)
}

// isOpposite reports whether a limit seems to apply to the wrong power: production
// is held where the export should be, or the reverse. before was measured before
// the write.
func (m Measurement) isOpposite(s Setting, before Measurement) bool {
	if !s.Active || !m.HasProduction || !m.HasExport || !before.HasProduction || !before.HasExport {
		return false
	}
	t := tolerance(s)
	used := m.Production - m.Export
	if used < 2*t+100 {
		return false // both limits would look the same
	}
	if s.Export {
		return math.Abs(m.Production-s.Watts) <= t && before.Production > s.Watts+used
	}
	return math.Abs(m.Export-s.Watts) <= t && before.Export > s.Watts+2*t
}
