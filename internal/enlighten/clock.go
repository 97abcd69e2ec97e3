package enlighten

import "time"

const day = 24 * time.Hour

// A clockSafeTime is a recorded time that stays usable after a restart with a
// different clock. A time in the future means that the clock was ahead when the
// time was recorded, or is behind now and will be set later. If the clock reaches
// At in small steps it was right, and the recording clock was ahead; if it jumps
// to At or beyond, it has just been set.
type clockSafeTime struct {
	At         time.Time
	AheadSince time.Time `json:"Seen,omitzero"` // first observation of At in the future, by the clock of the observer
	AheadUntil time.Time `json:"Met,omitzero"`  // last observation, accurate to clockTolerance
}

const clockTolerance = 10 * time.Minute

// observe records whether t is in the future, and reports whether t has changed.
func (t *clockSafeTime) observe(now time.Time) bool {
	switch {
	case !t.At.After(now):
		return false
	case t.AheadSince.IsZero() || t.AheadSince.After(now):
		t.AheadSince, t.AheadUntil = now, now
	case now.Sub(t.AheadUntil).Abs() >= clockTolerance:
		t.AheadUntil = now
	default:
		return false
	}
	return true
}

// time returns t on the present clock. A time in the future counts from its first
// observation, so that a pause is never longer than its rule. It counts from At
// once the clock has been set, so that a pause is never shorter either.
func (t clockSafeTime) time(now time.Time) time.Time {
	ahead := t.At.After(now)
	if !t.AheadSince.IsZero() && (ahead || t.At.Sub(t.AheadUntil) <= 2*clockTolerance) {
		return t.AheadSince
	}
	return t.At
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
