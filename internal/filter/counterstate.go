package filter

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A counterState is the state of one counter, of which a gateway has about forty
// and one per inverter. The fields with a name in JSON outlive a restart.
type counterState struct {
	Value  float64        `json:"kwh"`              // published, kWh; zero before that
	At     time.Time      `json:"at"`               // of the last accepted report; zero before that
	Rose   time.Time      `json:"rose,omitzero"`    // when an inverter counter last rose
	Behind float64        `json:"behind,omitempty"` // how far the counter is below Value, which is held, kWh
	Wraps  int32          `json:"wraps,omitempty"`  // of inverter registers; below zero if firmware has corrected them upwards
	Source envoy.Register `json:"source,omitempty"`
	Far    envoy.Register `json:"far,omitempty"` // of another counter, which was too far off when it was first reported; zero if there is none

	pending *pending // nil if no report is withheld
	isOther bool     // the last report is of another counter, which is withheld
}

// A report is what a gateway reports of one counter.
type report struct {
	value    float64 // kWh
	source   envoy.Register
	mayFall  bool    // by nature
	maxPower float64 // that the counter counts, kW
	at       time.Time
}

const (
	// tolerance is how much a counter may always rise, in kWh.
	tolerance = 10
	// rounding is a fall without a meaning, of an older or a rounded value, in kWh.
	rounding = 0.1
)

// accept returns the state after r, and whether its Value may be published now.
func (s counterState) accept(r report) (next counterState, ok bool) {
	if r.value < 0 || r.value == 0 && s.Value > 0 { // a meter that is new counts soon
		return s, false
	}
	if r.source == envoy.ComputedRegister && s.hasRegisterOf(r) {
		return counterState{Value: r.value, At: r.at, Source: r.source}, true // its parts have been filtered
	}
	wraps, isUncertain := s.unwrap(r)
	if isUncertain {
		return s, true
	}
	v := r.value + float64(wraps)*wrapAt
	isNear := s.isNear(v, r)
	if !isNear && !s.hasRegisterOf(r) { // another counter, and not where this one was
		if s.isOther = true; v > s.Value || r.mayFall {
			s.Far = r.source
		}
		return s, false
	}
	isKnownZero := v == 0 && s.Value == 0 && !s.At.IsZero()
	if !(isNear && r.value > 0 || isKnownZero) && !s.confirm(v, r.at) {
		return s, false
	}
	next = counterState{Value: v, At: r.at, Wraps: wraps, Source: r.source}
	behind, limit := s.Value-v, s.maxRise(r)
	switch {
	case !isNear && v < s.Value && r.value <= limit && r.value < s.Value/2: // a new meter, which has not counted much yet
		next.Value, next.Wraps = r.value, 0
	case behind > 0 && !(r.mayFall && behind > rounding && behind <= limit):
		next.Value, next.Behind = s.Value, behind
	}
	if r.source.OfInverters() {
		if next.Rose = s.Rose; v > s.reported() || s.Rose.IsZero() {
			next.Rose = r.at
		}
	}
	return next, true
}

// isWorthSaving reports whether a restart with the old state would publish other
// values than one with s.
func (s counterState) isWorthSaving(old counterState) bool {
	return s.Value != old.Value || s.Behind != old.Behind || s.Wraps != old.Wraps || s.Far != old.Far
}

// reported is the last accepted report, with its wraps, in kWh.
func (s counterState) reported() float64 { return s.Value - s.Behind }

// isBehind reports whether the counter is below its published value by more than
// rounding.
func (s counterState) isBehind() bool { return s.Behind > rounding }

// hasRegisterOf reports whether r is of the register that s is of, or the first.
func (s counterState) hasRegisterOf(r report) bool {
	return s.Value == 0 || isSame(s.Source, r.source)
}

// isSame reports whether a and b count the same.
func isSame(a, b envoy.Register) bool { return a == b || a.OfInverters() && b.OfInverters() }

// maxRise is how far the counter can have risen by the time of r, in kWh. However long
// another counter is far off, that is not what was counted.
func (s counterState) maxRise(r report) float64 {
	if isSame(r.source, s.Far) {
		return tolerance
	}
	return tolerance + r.maxPower*max(0, r.at.Sub(s.At).Hours())
}

// isNear reports whether v, the value of r with its wraps, can follow s.
func (s counterState) isNear(v float64, r report) bool {
	lowest := s.reported() - rounding
	switch {
	case r.mayFall:
		lowest = min(lowest, s.Value-s.maxRise(r))
	case !s.hasRegisterOf(r):
		lowest = s.Value
	}
	return v >= lowest && (s.Value == 0 || v < s.Value+s.maxRise(r))
}

// A value that is not accepted at once is withheld until reports in a row agree.
const (
	// Confirmations is how many of them must agree.
	Confirmations = 3
	// confirmFor is how long they must agree besides, if something was counted
	// before: three reports a second apart are one moment of a gateway that
	// restarts.
	confirmFor = 9 * time.Second
)

// A pending value is withheld.
type pending struct {
	reports int       // in a row that agree
	since   time.Time // of the first of them
	last    float64   // kWh
}

// confirm records the withheld value v, in kWh, and reports whether enough
// reports agree.
func (s *counterState) confirm(v float64, now time.Time) bool {
	const maxIncrease = 10 // kWh from one report to the next
	p := pending{since: now}
	if s.pending != nil && v >= s.pending.last-rounding && v < s.pending.last+maxIncrease {
		p = *s.pending
	}
	p.reports++
	p.last = v
	s.pending = &p
	return p.reports >= Confirmations && (s.Value == 0 || now.Sub(p.since) >= confirmFor)
}
