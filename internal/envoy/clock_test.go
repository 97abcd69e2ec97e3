package envoy

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestClock: without a CT that advances, the two that agree decide between /info,
// the newest report and our clock; with one, it decides alone.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		at := now.Add
		long := time.Unix(315532800, 0) // 1980
		const day = 24 * time.Hour
		for _, tt := range []struct {
			name                     string
			info, report, ct         time.Time
			want                     time.Time
			published, reportIsThere bool
		}{
			{"all agree", at(0), at(-5 * time.Minute), time.Time{}, at(0), true, true},
			{"/info says 1980", long, at(-5 * time.Minute), time.Time{}, at(0), true, true},
			{"/info is a day ahead", at(25 * time.Hour), at(-5 * time.Minute), time.Time{}, at(0), true, true},
			{"the gateway is a day ahead", at(25 * time.Hour), at(25*time.Hour - 5*time.Minute), time.Time{}, at(25 * time.Hour), false, false},
			{"at night", at(time.Second), at(-14 * time.Hour), time.Time{}, at(time.Second), true, true},
			{"at night, /info is a day ahead", at(day), at(-10 * time.Hour), time.Time{}, at(0), true, true},
			{"a report of 2100", at(-time.Second), time.Unix(4102444800, 0), time.Time{}, at(-time.Second), true, false},
			{"ours is wrong", at(900 * day), at(900*day - 10*time.Minute), time.Time{}, at(900 * day), false, false},
			{"/info does not say", time.Time{}, at(-3 * time.Hour), time.Time{}, at(0), true, true},
			{"no report", at(-40 * time.Hour), time.Time{}, time.Time{}, at(-40 * time.Hour), false, false},
			{"a CT", long, at(-50 * day), at(-20 * time.Minute), at(-20 * time.Minute), true, true},
		} {
			c := &clock{info: tt.info, opened: now}
			c.report(tt.report)
			c.follow(tt.ct)
			if got := c.now(); !got.Equal(tt.want) {
				t.Errorf("%s: now() = %v, want %v", tt.name, got, tt.want)
			}
			if got := c.date(now); got.Equal(now) != tt.published {
				t.Errorf("%s: date(now) = %v, want published %t", tt.name, got, tt.published)
			}
			if got := c.date(tt.report); !got.IsZero() != tt.reportIsThere {
				t.Errorf("%s: date(%v) = %v, want it %t", tt.name, tt.report, got, tt.reportIsThere)
			}
		}
	})
}

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

// TestClockIsKnown checks that ages are computed only if two times agree.
func TestClockIsKnown(t *testing.T) {
	now := time.Now()
	years := func(n int) time.Time { return now.AddDate(-n, 0, 0) }
	for _, row := range []struct {
		name         string
		info, report time.Time
		want         bool
	}{
		{"all agree", now, now, true},
		{"an old report", now, now.Add(-41 * time.Hour), true},
		{"the clock of /info is wrong", years(20), now, true},
		{"the gateway's clock is wrong", years(20), years(20), true},
		{"no two agree", years(3), years(5), false},
		{"no /info time", time.Time{}, years(5), true},
		{"no report", years(3), time.Time{}, true},
	} {
		c := clock{info: row.info, opened: now, newest: row.report}
		if got := c.isKnown(); got != row.want {
			t.Errorf("%s: isKnown = %v, want %v", row.name, got, row.want)
		}
	}
}
