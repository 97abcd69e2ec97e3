package filter

import "time"

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
