package history

import (
	"fmt"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// report returns the report of an inverter.
func report(serial string, power float64, at time.Time) device.Inverter {
	return device.Inverter{Serial: serial, Reported: at, Power: wire.Some(power)}
}

// TestInverterSlots checks in which slots reports are recorded.
func TestInverterSlots(t *testing.T) {
	loc := zone(t, "Europe/Berlin")
	midnight := time.Date(2026, 6, 18, 0, 0, 0, 0, loc)
	inTime(t, midnight, func(t *testing.T) {
		s := newStore(t, "")
		at := func(minutes int) time.Time { return midnight.Add(time.Duration(minutes) * time.Minute) }
		s.AddInverters(serial, []device.Inverter{report("1", 10, at(1)), report("2", 99, at(2)), {Serial: "3"}, {Serial: "no/id"}}, at(3))
		s.AddInverters(serial, []device.Inverter{report("1", 10, at(1)), report("2", 88, at(2))}, at(4))           // the same reports
		s.AddInverters(serial, []device.Inverter{report("1", 20, at(6)), report("2", 50, at(14))}, at(16))         // a mean; not of now
		s.AddInverters(serial, []device.Inverter{report("1", 40, at(15)), report("2", 60, time.Time{})}, at(30))   // no time
		s.AddInverters(serial, []device.Inverter{report("1", 70, at(-9000)), report("2", 80, at(90*1e6))}, at(45)) // wrong clock
		time.Sleep(50 * time.Minute)
		d := s.Inverters(serial, Date{2026, 6, 18})
		if !d.Start.Equal(midnight) || d.Step != inverterStep || d.Slots != 96 || d.Known != 4 || d.UsualDays != 0 {
			t.Errorf("%+v", d)
		}
		n := float32(nan)
		want := map[string][]float32{"1": {15, 40, n, 70}, "2": {74.5, n, 60, 80}, "3": {n, n, n, n}}
		for _, i := range d.Inverters {
			if !equalPowers(i.Power, want[i.Serial]) || len(i.Usual) != 4 {
				t.Errorf("%s: %v, want %v", i.Serial, i.Power, want[i.Serial])
			}
		}
		if len(d.Inverters) != 3 {
			t.Errorf("%d inverters, want 3", len(d.Inverters))
		}
		if y := s.Inverters(serial, Date{2026, 6, 17}); y.Slots != 0 {
			t.Errorf("yesterday: %+v", y)
		}
	})
}

func equalPowers(a, b []float32) bool {
	for i := range a {
		if i >= len(b) || a[i] != b[i] && !(isNaN(a[i]) && isNaN(b[i])) {
			return false
		}
	}
	return len(a) == len(b)
}

// TestUsual checks the usual ratios of inverters that face different ways, while the
// clock is put back. On a day one of them is covered.
func TestUsual(t *testing.T) {
	loc := zone(t, "Europe/Berlin")
	inTime(t, time.Date(2026, 10, 20, 0, 0, 0, 0, loc), func(t *testing.T) {
		s := newStore(t, "")
		east := func(at time.Time) float64 { return float64(12 - at.UTC().Hour()) } // of 12
		for day := range 10 {
			date := Date{2026, 10, 20 + day}
			for at := date.Start(loc); DateOf(at) == date; at = at.Add(inverterStep) {
				time.Sleep(time.Until(at))
				if at.UTC().Hour() < 6 || at.UTC().Hour() >= 12 {
					continue
				}
				e := 10 * east(at)
				if day == 5 {
					e = 0
				}
				s.AddInverters(serial, []device.Inverter{report("1", e, at), report("2", 100, at), report("3", 200, at)}, at)
			}
			d := s.Inverters(serial, date)
			if d.UsualDays != min(day, 7) || d.Known != d.Slots || d.Slots != map[bool]int{true: 100, false: 96}[date.Day == 25] {
				t.Errorf("%v: %d days, %d of %d slots", date, d.UsualDays, d.Known, d.Slots)
			}
			if day == 0 {
				continue
			}
			for slot, got := range d.Inverters[0].Usual {
				at := d.Start.Add(time.Duration(slot) * d.Step)
				want := float32(10*east(at)) / 100
				if at.UTC().Hour() < 6 || at.UTC().Hour() >= 12 {
					want = float32(nan)
				}
				if !equalPowers([]float32{got}, []float32{want}) {
					t.Errorf("%v: usual ratio at %v = %v, want %v", date, at, got, want)
				}
			}
			if two := d.Inverters[1].Usual[d.Slots/2-12]; two != 1 {
				t.Errorf("%v: usual ratio of the median = %v", date, two)
			}
		}
		if n := len(s.lookup(serial).inverters.days); n != usualDays+1 {
			t.Errorf("%d days are kept", n)
		}
	})
}

// TestManyInverters checks that their number is limited.
func TestManyInverters(t *testing.T) {
	s := newStore(t, "")
	now := time.Now()
	for i := range 3000 {
		s.AddInverters(serial, []device.Inverter{report(fmt.Sprint(i), 1, now)}, now)
	}
	g := s.lookup(serial)
	if n := len(g.inverters.days[0].power); n != maxInverters || len(g.inverters.means) > 2*maxInverters+1 {
		t.Errorf("%d inverters, %d means", n, len(g.inverters.means))
	}
}
