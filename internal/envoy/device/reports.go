package device

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
)

// Reports are when inverters last reported, and what AC Batteries did: /production.json
// has it beside the meters.
type Reports struct {
	// Read is when an answer with the inverters' reports was last read or requested, our
	// clock.
	Read time.Time

	clock      *clock.Clock
	inverterAt time.Time // newest report of an inverter, by the gateway's clock
	hasReports bool      // some answer with the inverters' reports was read
	acb        ACBReport
	keep       func(ACBReport)
}

// NewReports returns the reports of a gateway with a clock. The session before had acb;
// keep is called with that of the next one.
func NewReports(clock *clock.Clock, acb ACBReport, keep func(ACBReport)) *Reports {
	return &Reports{clock: clock, acb: acb, keep: keep}
}

// dropOld returns list without what was measured too long ago.
func (r *Reports) dropOld(list InverterReport) InverterReport {
	newest := r.inverterAt
	for _, i := range list.Inverters {
		newest = clock.Later(newest, i.Reported)
	}
	if len(list.Inverters) > 0 {
		r.KeepInverters(newest)
	}
	return list.withoutOld(r.clock.Now())
}

// KeepInverters keeps the time of the newest report of an inverter, as an answer has it;
// zero if none has reported.
func (r *Reports) KeepInverters(at time.Time) {
	r.hasReports, r.Read = true, time.Now()
	if !at.IsZero() {
		r.inverterAt = at
		r.clock.Report(at)
	}
}

// HasTime reports whether it is known when an inverter has last reported.
func (r *Reports) HasTime() bool { return !r.inverterAt.IsZero() }

// IsAwake reports whether a report of the time at, by the gateway's clock, is the
// present power of an inverter. Without a clock that is known, its age is unknown,
// and the report is used as it is.
func (r *Reports) IsAwake(at time.Time) bool {
	return !r.clock.IsKnown() || isRecent(at, r.clock.Now(), inverterMaxAge)
}

// AreInvertersAwake is IsAwake for the newest report of all inverters. A gateway that does not
// show when they reported has no age either.
func (r *Reports) AreInvertersAwake() bool { return !r.hasReports || r.IsAwake(r.inverterAt) }

// KeepACBatteries keeps the AC Batteries of an answer.
func (r *Reports) KeepACBatteries(entries []ACBEntry) {
	for _, e := range entries {
		if e.ActiveCount.Value > 0 {
			r.clock.Report(e.ReadingTime.Time())
		}
	}
	if r.acb.keep(findACBatteries(entries, r.clock.Now())) {
		r.keep(r.acb)
	}
}

// acbIsCurrent reports whether what follows from the AC Batteries may be published.
func (r *Reports) acbIsCurrent() bool {
	a, ok := r.acb.present(r.clock.Now())
	return ok && a.isCurrent(r.clock.Now())
}
