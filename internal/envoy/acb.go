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

// An acbReport is the last report of the AC Batteries in /production.json.
type acbReport struct {
	ACBatteries
	read     time.Time // by our clock
	missed   int       // answers in a row without them
	inTotals bool      // the totals of the batteries contain some
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
		a.SoC, a.Energy = e.PercentFull.percent(), e.WhNow.told(1e-3)
		if w := e.WNow.value; (e.State != "charging" || w <= 0) && (e.State != "discharging" || w >= 0) {
			a.Power = e.WNow.told(1)
		}
		return a.outdated(now), true
	}
	return ACBatteries{}, false
}

// isCurrent reports whether the report may be published as the present state.
func (a ACBatteries) isCurrent(now time.Time) bool { return isRecent(a.Reported, now, silent) }

// outdated returns a without the values of a report that is too old.
func (a ACBatteries) outdated(now time.Time) ACBatteries {
	if a.isCurrent(now) {
		return a
	}
	return ACBatteries{Count: a.Count, Reported: a.Reported}
}

// keepACBatteries keeps the AC Batteries of an answer. Three in a row must lack
// them before they are removed.
func (s *Session) keepACBatteries(entries []wireStorage) {
	for _, e := range entries {
		if e.ActiveCount.value > 0 {
			s.clock.report(e.ReadingTime.time())
		}
	}
	a, ok := acBatteries(entries, s.now())
	if s.acb.missed++; !ok && s.acb.Count > 0 && s.acb.missed < confirm {
		return
	}
	s.keepACBReport(acbReport{ACBatteries: a, read: time.Now(), inTotals: s.acb.inTotals})
}

// keepACBReport keeps r for this session and the next ones.
func (s *Session) keepACBReport(r acbReport) {
	s.acb = r
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.client.acb = r
}

// hasACBatteries reports whether there are AC Batteries, whatever their age.
func (s *Session) hasACBatteries() bool { return s.acb.Count > 0 || s.acb.inTotals }

// ACBatteries returns what the last /production.json told of AC Batteries, and
// whether there are any. It tells nothing when that was too long ago.
func (s *Session) ACBatteries() (ACBatteries, bool) {
	return s.acb.outdated(s.now()), s.acb.Count > 0 && time.Since(s.acb.read) < silent
}

// acbIsCurrent reports whether what follows from the AC Batteries may be published.
func (s *Session) acbIsCurrent() bool {
	a, ok := s.ACBatteries()
	return ok && a.isCurrent(s.now())
}
