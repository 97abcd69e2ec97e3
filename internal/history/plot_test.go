package history

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// TestPower checks the steps of plots of a gateway that is read every second. The
// power is that of the second of the day.
func TestPower(t *testing.T) {
	inTime(t, time.Date(2026, 6, 18, 0, 0, 0, 0, zone(t, "Europe/Berlin")), func(t *testing.T) {
		s := newStore(t, "")
		midnight := time.Now()
		for i := range 2 * 3600 {
			if i < 1800 || i >= 3600 { // half an hour is missing
				s.Add(serial, sampleOf(meter(envoy.NetConsumption, float64(i), nil)), midnight.Add(time.Duration(i)*time.Second))
			}
		}
		time.Sleep(2 * time.Hour)
		for _, tt := range []struct {
			name     string
			from, to time.Duration // from midnight
			points   int
			start    time.Duration
			step     time.Duration
			n        int
			at       int // index of a point
			want     Point
		}{
			{"10 s", 0, time.Hour, 360, 0, 10 * time.Second, 360, 1, Point{14.5, 14.5, 14.5}},
			{"a minute", 0, time.Hour, 60, 0, time.Minute, 60, 1, Point{64.5, 89.5, 114.5}},
			{"too few points for 10 s", 0, time.Hour, 359, 0, 20 * time.Second, 180, 1, Point{24.5, 29.5, 34.5}},
			{"the day", 0, 24 * time.Hour, 300, 0, 5 * time.Minute, 288, 12, Point{3604.5, 3749.5, 3894.5}},
			{"a gap", 0, 24 * time.Hour, 300, 0, 5 * time.Minute, 288, 6, Point{float32(nan), float32(nan), float32(nan)}},
			{"the future", 0, 24 * time.Hour, 300, 0, 5 * time.Minute, 288, 24, Point{float32(nan), float32(nan), float32(nan)}},
			{"aligned", 61 * time.Second, time.Hour, 70, time.Minute, time.Minute, 59, 0, Point{64.5, 89.5, 114.5}},
			{"a month, of minutes", -31 * 24 * time.Hour, 2 * time.Hour, 31 * 24 * 2, -31 * 24 * time.Hour, time.Hour, 31*24 + 2, 31*24 + 1, Point{3629.5, 5399.5, 7169.5}},
			{"one point", 0, time.Hour, 1, 0, time.Hour, 1, 0, Point{4.5, 899.5, 1794.5}},
		} {
			p := s.Power(serial, midnight.Add(tt.from), midnight.Add(tt.to), tt.points)
			grid := p.Series[Grid]
			if !p.Start.Equal(midnight.Add(tt.start)) || !p.End.Equal(midnight.Add(tt.to)) || p.Step != tt.step || len(grid) != tt.n {
				t.Errorf("%s: from %v to %v, %d steps of %v", tt.name, p.Start, p.End, len(grid), p.Step)
				continue
			}
			if got := grid[tt.at]; !nearPoints(got, tt.want) {
				t.Errorf("%s: point %d = %v, want %v", tt.name, tt.at, got, tt.want)
			}
			if p.Series[Solar] != nil || p.Series[Level] != nil {
				t.Errorf("%s: there are series that were not measured", tt.name)
			}
		}
	})
}

func nearPoints(a, b Point) bool {
	equal := func(a, b float32) bool { return math.Abs(float64(a-b)) < 0.01 || isNaN(a) && isNaN(b) }
	return equal(a.Min, b.Min) && equal(a.Mean, b.Mean) && equal(a.Max, b.Max)
}

// TestPowerOfLongDay checks that the day on which the clock is put back is kept in
// steps of 10 s, and its 25 hours are plotted.
func TestPowerOfLongDay(t *testing.T) {
	loc := zone(t, "Europe/Berlin")
	midnight := time.Date(2026, 10, 25, 0, 0, 0, 0, loc)
	inTime(t, midnight, func(t *testing.T) {
		s := newStore(t, "")
		for range 25 * 360 {
			s.Add(serial, importing(100, nan), time.Now())
			time.Sleep(10 * time.Second)
		}
		p := s.Power(serial, midnight, (Date{2026, 10, 26}).Start(loc), 10000)
		points := p.Series[Grid]
		if p.Step != 10*time.Second || len(points) != 25*360 {
			t.Fatalf("%d steps of %v", len(points), p.Step)
		}
		for i, got := range points {
			if got != (Point{100, 100, 100}) {
				t.Fatalf("point %d = %v", i, got)
			}
		}
	})
}

// TestPowerInterval checks that a plot has no gaps if the gateway is read less often
// than every 10 s, also two days later after a restart.
func TestPowerInterval(t *testing.T) {
	for interval, want := range map[time.Duration]struct{ step, later time.Duration }{
		30 * time.Second: {30 * time.Second, time.Minute},
		70 * time.Second: {2 * time.Minute, time.Minute},
		5 * time.Minute:  {5 * time.Minute, 5 * time.Minute},
		15 * time.Minute: {15 * time.Minute, 15 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			s := newStore(t, dir)
			start := time.Now()
			for range 60 {
				s.Add(serial, importing(100, nan), time.Now())
				time.Sleep(interval)
			}
			end := time.Now()
			s.save()
			check := func(s *Store, step time.Duration) {
				p := s.Power(serial, start, end, 3000)
				missing := 0
				for _, got := range p.Series[Grid] {
					if got.Mean != 100 {
						missing++
					}
				}
				if p.Step != step || missing > 60/6 { // every 70 s, a minute is missing now and then
					t.Errorf("every %v: %d of %d points are missing, step %v, want %v", interval, missing, len(p.Series[Grid]), p.Step, step)
				}
			}
			check(s, want.step)
			time.Sleep(48 * time.Hour)
			check(newStore(t, dir), want.later)
		})
	}
}

// TestPowerLimits checks arguments that make no plot, and extreme ones.
func TestPowerLimits(t *testing.T) {
	s := newStore(t, "")
	now := time.Now()
	s.Add(serial, importing(100, nan), now)
	for _, tt := range []struct {
		name     string
		serial   string
		from, to time.Time
		points   int
		isEmpty  bool
	}{
		{"unknown", "1", now.Add(-time.Hour), now, 10, true},
		{"no points", serial, now.Add(-time.Hour), now, 0, true},
		{"negative", serial, now.Add(-time.Hour), now, -1, true},
		{"reversed", serial, now, now.Add(-time.Hour), 10, true},
		{"zero time", serial, time.Time{}, now, 10, true},
		{"far future", serial, now, time.Unix(1<<60, 0), 10, true},
		{"since 1970", serial, time.Unix(0, 0), now.Add(time.Hour), 1 << 40, false},
		{"until 9999", serial, now.Add(-time.Hour), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 2, false},
	} {
		p := s.Power(tt.serial, tt.from, tt.to, tt.points)
		if n := len(p.Series[Grid]); (n == 0) != tt.isEmpty || n > maxPoints {
			t.Errorf("%s: %d points of %v", tt.name, n, p.Step)
		}
	}
	if days := s.Days("1", Date{2020, 1, 1}, Date{2030, 1, 1}); days != nil {
		t.Errorf("Days of an unknown gateway = %v", days)
	}
	if d := s.Inverters("1", DateOf(now)); d.Slots != 0 || s.HighestPower("1") != 0 {
		t.Errorf("Inverters of an unknown gateway = %v", d)
	}
	s.Add("../../etc", importing(1, 1), now)
	s.Add("", importing(1, 1), now)
	if len(s.gateways) != 1 {
		t.Errorf("%d gateways, want 1", len(s.gateways))
	}
}

// TestLevel checks that a level is plotted until the next one, for ten minutes at
// most.
func TestLevel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t, "")
		start := time.Now()
		for i := range 30 {
			switch i {
			case 0, 5:
				s.AddLevel(serial, float64(50+i), time.Now())
			case 6:
				s.AddLevel(serial, 101, time.Now()) // no level
			}
			s.Add(serial, importing(100, nan), time.Now())
			time.Sleep(time.Minute)
		}
		p := s.Power(serial, start, time.Now(), 30)
		for i, got := range p.Series[Level] {
			want := float32(nan)
			switch {
			case i < 5:
				want = 50
			case i <= 15:
				want = 55
			}
			if got.Mean != want && !(isNaN(got.Mean) && isNaN(want)) {
				t.Errorf("level %d = %v, want %v", i, got.Mean, want)
			}
		}
	})
}

// TestPeak checks that the highest power is that of 31 days, of any sign.
func TestPeak(t *testing.T) {
	inTime(t, time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC), func(t *testing.T) {
		s := newStore(t, "")
		s.Add(serial, importing(9000, nan), time.Now())
		time.Sleep(24 * time.Hour)
		s.Add(serial, importing(-5000, nan), time.Now())
		for _, tt := range []struct {
			after time.Duration
			want  float64
		}{{0, 9000}, {29 * 24 * time.Hour, 9000}, {24 * time.Hour, 5000}, {24 * time.Hour, 0}} {
			time.Sleep(tt.after)
			if got := s.HighestPower(serial); got != tt.want {
				t.Errorf("Peak = %v at %v, want %v", got, time.Now(), tt.want)
			}
		}
	})
}
