package limit

import (
	"fmt"
	"math"
	"time"
)

const (
	readBackDelay    = 2 * time.Second  // of the first reading after a write
	readBackInterval = 15 * time.Second // between further ones
	// settleDelay is how long after a write the gateway may still carry it out.
	settleDelay = 2 * time.Minute
	// TakeoverTimeout is how long after a write another power counts as what the gateway has
	// made of it.
	TakeoverTimeout = 10 * time.Second
)

// A verification is what is known about the latest write of a lease.
type verification struct {
	wroteAt        time.Time // end of it
	powerBefore    Measurement
	isApplied      bool      // it was read back
	readBackAt     time.Time // zero if no reading back is due
	unseenUntil    time.Time // the gateway may still take over a write that it has answered
	uncertainUntil time.Time // likewise one that it has not answered
	effect         *effect   // nil unless the effect of the write is being watched
}

// afterWrite returns the verification of a write that has just ended, in place of that
// of an earlier write, which may still arrive.
func (v verification) afterWrite(isAnswered bool, power Measurement, now time.Time) verification {
	next := verification{wroteAt: now, powerBefore: power, readBackAt: now.Add(readBackDelay), unseenUntil: now.Add(settleDelay), uncertainUntil: v.uncertainUntil}
	if !isAnswered {
		next.uncertainUntil = now.Add(settleDelay)
	}
	return next
}

// afterStart returns the verification of a lease of the journal, whose latest write may
// still arrive.
func afterStart(lease *Lease, now time.Time) verification {
	v := verification{wroteAt: now, readBackAt: now, unseenUntil: now.Add(settleDelay), uncertainUntil: now.Add(settleDelay)}
	if at := lease.WroteAt; !at.IsZero() && at.Before(now) {
		v.wroteAt = at
	}
	return v
}

// isReadBackDue reports whether the setting must be read back.
func (v *verification) isReadBackDue(now time.Time) bool {
	return !v.readBackAt.IsZero() && !now.Before(v.readBackAt)
}

// isSettled reports whether no earlier write can change the setting any more. That
// of the state before may: it is what is wanted.
func (v *verification) isSettled(now time.Time) bool {
	return !now.Before(v.unseenUntil) && !now.Before(v.uncertainUntil)
}

// isAwaited reports whether the gateway, which has answered the write, may take it over
// soon, so that it need not be repeated.
func (v *verification) isAwaited(now time.Time) bool {
	return now.Before(v.unseenUntil) && !now.Before(v.uncertainUntil)
}

// isRecent reports whether the gateway has just answered the write, and what it has made
// of it was not read yet. Nobody else can have changed that so soon.
func (v *verification) isRecent(now time.Time) bool {
	return v.isAwaited(now) && now.Sub(v.wroteAt) < TakeoverTimeout
}

// confirm notes that the setting s was read back, and reports whether that is new.
// Its effect is watched from then on.
func (v *verification) confirm(s Setting, now time.Time) (isNew bool) {
	isNew = !v.isApplied
	v.isApplied, v.readBackAt = true, time.Time{}
	if isNew && now.Sub(v.wroteAt) < effectTimeout {
		v.effect = &effect{setting: s, before: v.powerBefore, wroteAt: v.wroteAt}
	}
	return isNew
}

// repeat begins again, so that it is reported again that the setting was read back.
func (v *verification) repeat(now time.Time) { v.isApplied, v.readBackAt = false, now }

const (
	// effectTimeout is how long the power may take to obey.
	effectTimeout = 6 * time.Minute
	// oppositeDelay is how long the power must do the opposite.
	oppositeDelay = time.Minute
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
	return now.Sub(e.oppositeSince) >= oppositeDelay
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
