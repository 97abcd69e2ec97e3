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
