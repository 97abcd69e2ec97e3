package web

import (
	"math"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// TestDaylight checks that only hours which were dark are displayed as night.
func TestDaylight(t *testing.T) {
	const (
		unknown = "-"
		dark    = "0"
		light   = "1"
	)
	start := time.Date(2026, 6, 18, 0, 0, 0, 0, time.UTC)
	// plot returns a day in steps of two hours, of which each is unknown, dark or light.
	plot := func(steps string) history.Plot {
		p := history.Plot{Start: start, End: start.Add(24 * time.Hour), Step: 2 * time.Hour}
		for _, c := range steps {
			mean := float32(math.NaN())
			switch string(c) {
			case dark:
				mean = 0
			case light:
				mean = 500
			}
			p.Series[history.Solar] = append(p.Series[history.Solar], history.Point{Mean: mean})
		}
		return p
	}
	for _, tt := range []struct {
		name, before, day string
		from, to          int64 // hours; 0, 0 is unknown
	}{
		{"a whole day", "", "000111111000", 6, 18},
		{"clouds at noon", "", "000110011000", 6, 18},
		{"a gap at dawn", "", "00--11111000", 4, 18},
		{"from noon on", "", "------111000", 0, 18},
		{"until noon", "", "000111------", 6, 24},
		{"the first minutes of the program", "", "-------1----", 0, 24},
		{"a night", "", "000000000000", 0, 0},
		{"nothing", "", "------------", 0, 0},
		{"today before dawn", "000111111000", "00----------", 6, 18},
		{"today at noon", "000111111000", "000111------", 6, 18},
		{"today from noon on", "000111111000", "------1-----", 6, 18},
		{"today at noon, the day before until noon", "000111------", "000111------", 6, 24},
		{"today at night, later than yesterday", "000111110000", "000111111000", 6, 18},
		{"today under clouds", "000111111000", "00011100----", 6, 18},
	} {
		l := daylightOf(plot(tt.day))
		if tt.before != "" {
			before := daylightOf(plot(tt.before))
			before.from, before.to = before.from-24*3600, before.to-24*3600
			l = l.completed(before)
		}
		got := l.within(start, start.Add(24*time.Hour))
		if tt.to == 0 {
			if got != nil {
				t.Errorf("%s: light = %v, want none", tt.name, got)
			}
			continue
		}
		if len(got) != 2 || got[0] != start.Unix()+tt.from*3600 || got[1] != start.Unix()+tt.to*3600 {
			t.Errorf("%s: light = %v from %d, want the hours %d to %d", tt.name, got, start.Unix(), tt.from, tt.to)
		}
	}
}
