package envoy

import "time"

// ACBatteries are a gateway's AC Batteries together: more is told of them only
// in pages that take the gateway seconds to make.
type ACBatteries struct {
	Count    int
	Reported time.Time // by the gateway's clock, 10 to 15 minutes old
	State    string    // charging, discharging, idle or full; empty where that is not told

	Power  Told[float64] // W, + discharging
	SoC    Told[float64] // state of charge, %
	Energy Told[float64] // that can be taken out, kWh
}

// A wireStorage is the entry of /production.json that is there with and without
// AC Batteries. IQ Batteries never show in it.
type wireStorage struct {
	Type        word   `json:"type"`
	ActiveCount number `json:"activeCount"`
	ReadingTime number `json:"readingTime"`
	WNow        number `json:"wNow"`
	WhNow       number `json:"whNow"`
	PercentFull number `json:"percentFull"` // may be missing with batteries, too
	State       word   `json:"state"`
}

// acBatteries reads the AC Batteries in entries at now, the gateway's time. A
// report of long ago (1.7 days have been seen) tells no power, and neither does
// one whose power and state contradict each other.
func acBatteries(entries []wireStorage, now time.Time) (ACBatteries, bool) {
	for _, e := range entries {
		if e.Type != "acb" || e.ActiveCount.value < 1 {
			continue
		}
		a := ACBatteries{Count: int(e.ActiveCount.value), Reported: e.ReadingTime.time(), State: string(e.State)}
		if a.Reported.IsZero() || now.Sub(a.Reported) > silent {
			a.State = ""
			return a, true
		}
		a.SoC, a.Energy = e.PercentFull.percent(), e.WhNow.told(1e-3)
		if w := e.WNow.value; (e.State != "charging" || w <= 0) && (e.State != "discharging" || w >= 0) {
			a.Power = e.WNow.told(1)
		}
		return a, true
	}
	return ACBatteries{}, false
}

// ACBatteries returns what the last /production.json told of AC Batteries, and
// whether there are any. It tells nothing when that was too long ago.
func (s *Session) ACBatteries() (ACBatteries, bool) {
	return s.acb, s.acb.Count > 0 && time.Since(s.acbRead) < silent
}
