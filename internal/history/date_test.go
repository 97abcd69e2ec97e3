package history

import (
	"testing"
	"time"
)

// TestDayStart checks that a day begins at its first moment, also where clocks change at
// midnight.
func TestDayStart(t *testing.T) {
	for _, name := range []string{
		"UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/St_Johns", "America/Sao_Paulo",
		"America/Santiago", "America/Asuncion", "America/Havana", "Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Tehran",
		"Asia/Gaza", "Asia/Kathmandu", "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Chatham", "Atlantic/Azores", "America/Scoresbysund",
	} {
		loc := zone(t, name)
		for d := (Date{2016, 1, 1}); d.Year < 2029; d = d.AddDays(1) {
			start := d.Start(loc)
			if DateOf(start) != d || DateOf(start.Add(-time.Second)) != d.AddDays(-1) {
				t.Errorf("%s: %v begins at %v", name, d, start)
			}
			if hours := d.AddDays(1).Start(loc).Sub(start).Hours(); hours < 23 || hours > 25 {
				t.Errorf("%s: %v has %v hours", name, d, hours)
			}
		}
	}
}

// TestEnergiesOfZones checks that days have their own energy wherever clocks change: at
// midnight, by half an hour, and to the south of the equator.
func TestEnergiesOfZones(t *testing.T) {
	for _, tt := range []struct {
		zone string
		day  Date // on which the clock changes
	}{
		{"America/Santiago", Date{2026, 4, 4}},
		{"America/Santiago", Date{2026, 9, 6}},
		{"America/Havana", Date{2026, 3, 8}},
		{"America/Havana", Date{2026, 11, 1}},
		{"Africa/Cairo", Date{2026, 4, 24}},
		{"Africa/Cairo", Date{2026, 10, 29}},
		{"Asia/Gaza", Date{2021, 10, 29}},
		{"America/St_Johns", Date{2026, 3, 8}},
		{"America/New_York", Date{2026, 11, 1}},
		{"Australia/Lord_Howe", Date{2026, 4, 5}},
		{"Australia/Lord_Howe", Date{2026, 10, 4}},
		{"Pacific/Chatham", Date{2026, 9, 27}},
		{"Africa/Casablanca", Date{2026, 2, 15}},
	} {
		loc := zone(t, tt.zone)
		first, last := tt.day.AddDays(-1), tt.day.AddDays(1)
		start, end := first.Start(loc), last.AddDays(1).Start(loc)
		if hours := tt.day.AddDays(1).Start(loc).Sub(tt.day.Start(loc)).Hours(); hours == 24 {
			t.Errorf("%s: the clock does not change on %v", tt.zone, tt.day)
		}
		s := &Store{Location: loc}
		for at := start; at.Before(end); at = at.Add(time.Minute) {
			s.Add(serial, importing(6000, crashCounter(start, at)), at)
		}
		for _, d := range s.Days(serial, first, last) {
			from, to := d.Date.Start(loc), d.Date.AddDays(1).Start(loc)
			want := 6 * to.Sub(from).Hours()
			if d.Date == last {
				want -= 0.1 // the last minute is not measured
			}
			if !near(d.Imported, want) {
				t.Errorf("%s: %v has %v kWh, want %v", tt.zone, d.Date, d.Imported, want)
			}
			p := s.lookup(serial).Power(from, to, end, 1500)
			if len(p.Series[Grid]) != int(to.Sub(from)/p.Step) || !p.Start.Equal(from) {
				t.Errorf("%s: %v has %d steps of %v from %v on", tt.zone, d.Date, len(p.Series[Grid]), p.Step, p.Start)
			}
			for i, point := range p.Series[Grid] {
				if point.Mean != 6000 {
					t.Errorf("%s: %v has %v W in step %d", tt.zone, d.Date, point.Mean, i)
					break
				}
			}
		}
	}
}
