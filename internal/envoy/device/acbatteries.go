package device

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// ACBatteries are a gateway's AC Batteries together: details of each are only in
// pages that take the gateway seconds to render.
type ACBatteries struct {
	Count    int
	Reported time.Time // by the gateway's clock, 10 to 15 minutes old
	State    string    // charging, discharging, idle or full; empty if unknown

	Power  wire.Optional[float64] // W, + discharging
	SoC    wire.Optional[float64] // state of charge, %
	Energy wire.Optional[float64] // that can be taken out, kWh
}

// An ACBEntry is the entry of /production.json that is there with and without
// AC Batteries. IQ Batteries never show in it.
type ACBEntry struct {
	Type        wire.String `json:"type"`
	ActiveCount wire.Number `json:"activeCount"`
	ReadingTime wire.Number `json:"readingTime"`
	WNow        wire.Number `json:"wNow"`
	WhNow       wire.Number `json:"whNow"`
	PercentFull wire.Number `json:"percentFull"` // may be missing with batteries, too
	State       wire.String `json:"state"`
}

// findACBatteries returns the AC Batteries in entries at now, the gateway's time. The
// power is left out if the report is old (1.7 days have been seen), or if power and
// state contradict each other.
func findACBatteries(entries []ACBEntry, now time.Time) (ACBatteries, bool) {
	for _, e := range entries {
		if e.Type != "acb" || e.ActiveCount.Value < 1 {
			continue
		}
		a := ACBatteries{Count: int(e.ActiveCount.Value), Reported: e.ReadingTime.Time(), State: string(e.State)}
		a.SoC, a.Energy = e.PercentFull.Percent(), energy(e.WhNow)
		if w := e.WNow.Value; (e.State != "charging" || w <= 0) && (e.State != "discharging" || w >= 0) {
			a.Power = e.WNow.Watts(1)
		}
		return a.withoutOld(now), true
	}
	return ACBatteries{}, false
}

// isCurrent reports whether the report may be published as the present state.
func (a ACBatteries) isCurrent(now time.Time) bool { return isRecent(a.Reported, now, batteryMaxAge) }

// withoutOld returns a without the values of a report that is too old.
func (a ACBatteries) withoutOld(now time.Time) ACBatteries {
	if a.isCurrent(now) {
		return a
	}
	return ACBatteries{Count: a.Count, Reported: a.Reported}
}

// confirmations is the number of answers in a row that must lack AC Batteries before
// they are removed.
const confirmations = 3

// An ACBReport is the last report of the AC Batteries in /production.json.
type ACBReport struct {
	ACBatteries
	Read     time.Time // by our clock
	InTotals bool      // the totals of the batteries contain some
	missed   int       // answers in a row without them
}

// keep takes the AC Batteries of the next answer, if there are any, and reports
// whether the report has changed.
func (r *ACBReport) keep(a ACBatteries, found bool) bool {
	if r.missed++; found {
		r.missed = 0
	} else if r.Count > 0 && r.missed < confirmations {
		return false
	}
	r.ACBatteries, r.Read = a, time.Now()
	return true
}

// present returns the report without values that are too old at now, the gateway's
// time, and whether there are AC Batteries: none when it was read too long ago.
func (r ACBReport) present(now time.Time) (ACBatteries, bool) {
	return r.withoutOld(now), r.Count > 0 && r.isReadRecently()
}

// areNone reports whether recent answers agree that there are no AC Batteries.
func (r ACBReport) areNone() bool { return r.missed >= confirmations && r.isReadRecently() }

func (r ACBReport) isReadRecently() bool { return time.Since(r.Read) < batteryMaxAge }
