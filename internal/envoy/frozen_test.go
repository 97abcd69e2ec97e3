package envoy

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestCTTimes: a CT is frozen when its time has not changed for the limit,
// whatever that time is, and never where it reports none.
func TestCTTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times ctTimes
		start := time.Now()
		future := start.Add(1000 * time.Hour)
		for i := range 60 {
			now := time.Now()
			net := Meter{Measurement: NetConsumption, MeasuredAt: now}
			pv := Meter{Measurement: Production, MeasuredAt: future} // constant
			load := Meter{Measurement: Load}                         // without a time
			evse := Meter{Measurement: EVSE, MeasuredAt: now}
			if i >= 20 && i < 40 {
				evse.MeasuredAt = time.Time{} // it had one
			}
			frozen, advanced := times.update([]Meter{net, pv, load, evse}, 10*time.Second)
			want := []Measurement{}
			if i >= 10 {
				want = append(want, Production)
			}
			if i >= 29 && i < 40 {
				want = append(want, EVSE)
			}
			if len(frozen) != len(want) || len(want) > 0 && frozen[len(frozen)-1].measurement != want[len(want)-1] {
				t.Errorf("after %d s %v are frozen, want %v", i, frozen, want)
			}
			if i > 0 && !advanced.Equal(now) || i == 0 && !advanced.IsZero() {
				t.Errorf("after %d s the clock is %v, want %v", i, advanced, now)
			}
			time.Sleep(time.Second)
		}
	})
}
