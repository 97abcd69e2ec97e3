package clock

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
			c := &Clock{info: tt.info, infoRead: now}
			c.Report(tt.report)
			c.Follow(tt.ct)
			if got := c.Now(); !got.Equal(tt.want) {
				t.Errorf("%s: Now() = %v, want %v", tt.name, got, tt.want)
			}
			if got := c.Date(now); got.Equal(now) != tt.published {
				t.Errorf("%s: Date(now) = %v, want published %t", tt.name, got, tt.published)
			}
			if got := c.Date(tt.report); !got.IsZero() != tt.reportIsThere {
				t.Errorf("%s: Date(%v) = %v, want it %t", tt.name, tt.report, got, tt.reportIsThere)
			}
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
		c := Clock{info: row.info, infoRead: now, newest: row.report}
		if got := c.IsKnown(); got != row.want {
			t.Errorf("%s: IsKnown = %v, want %v", row.name, got, row.want)
		}
	}
}
