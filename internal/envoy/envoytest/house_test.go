package envoytest

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// A day of a house: what goes in comes out. It is looked at in the middle of
// each cell, so that the powers sum up to what the counters say.
func TestDay(t *testing.T) {
	for name, g := range map[string]*Gateway{
		"one":        {},
		"two":        {Phases: 2},
		"three":      {Phases: 3},
		"split":      {Split: true},
		"new stack":  {Split: true, ThreeLines: true},
		"production": {CTs: ProductionCT},
		"load only":  {LoadOnly: true, Phases: 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // begins at midnight
				measure := func() Reading { g.mu.Lock(); defer g.mu.Unlock(); return *locked{g}.measure() }
				last := measure()
				begin := last
				var net, imported float64
				var sunny time.Duration
				time.Sleep(cell / 2)
				for range 24 * time.Hour / cell {
					r := measure()
					checkReading(t, r, last)
					net += r.Net.Total.Power * cell.Hours()
					for _, l := range r.Net.Lines {
						imported += max(0, l.Power) * cell.Hours()
					}
					if r.Production.Total.Power > 0 {
						sunny += cell
					}
					last = r
					time.Sleep(cell)
				}
				if sunny < 13*time.Hour+50*time.Minute || sunny > 14*time.Hour {
					t.Errorf("%v of sun, want 14 hours less the first and last milliwatts", sunny)
				}
				if g.CTs != BothCTs {
					return
				}
				end := measure()
				if got := end.Net.Total.Delivered - begin.Net.Total.Delivered; math.Abs(got-imported) > 2 {
					t.Errorf("the counter says %.1f Wh imported, the powers %.1f", got, imported)
				}
				if got := end.Net.Total.Energy - begin.Net.Total.Energy; math.Abs(got-net) > 2 || net > 0 {
					t.Errorf("the counter says %.1f Wh net, the powers %.1f, want a sunny day's export", got, net)
				}
			})
		})
	}
}

func checkReading(t *testing.T, r, last Reading) {
	t.Helper()
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 0.001 {
			t.Fatalf("%s: %s = %v, want %v", r.Time.Format(time.TimeOnly), what, got, want)
		}
	}
	p, n, c := r.Production, r.Net, r.Consumption
	near("total", c.Total.Power, p.Total.Power+n.Total.Power)
	near("total's energy", c.Total.Energy, p.Total.Energy+n.Total.Energy)
	for _, m := range []Meter{p, n, c} {
		var sum Line
		for i, l := range m.Lines {
			sum.Power += l.Power
			sum.Voltage += l.Voltage
			sum.Current += l.Current
			sum.Energy += l.Energy
			near("consumption of the line", c.Lines[i].Power, p.Lines[i].Power+n.Lines[i].Power)
			if l.Power*l.Current < 0 && m.Active {
				t.Fatalf("%s: %v W and %v A", r.Time, l.Power, l.Current)
			}
			if math.Abs(math.Abs(l.Current*l.Voltage)-math.Abs(l.Apparent)) > 0.2 {
				t.Fatalf("%s: %v A at %v V is not %v VA", r.Time, l.Current, l.Voltage, l.Apparent)
			}
		}
		near("sum of powers", sum.Power, m.Total.Power)
		near("sum of voltages", sum.Voltage, m.Total.Voltage)
		near("sum of currents", sum.Current, m.Total.Current)
		near("sum of energies", sum.Energy, m.Total.Energy)
	}
	if p.Active && p.Total.Power < 0 || p.Active && n.Active && c.Total.Power <= 0 {
		t.Fatalf("%s: production %v W, consumption %v W", r.Time, p.Total.Power, c.Total.Power)
	}
	if night := r.Time.UTC().Hour() < 6 || r.Time.UTC().Hour() >= 20; night && p.Active && p.Total.Power != 0 {
		t.Fatalf("%s: %v W of sun", r.Time, p.Total.Power)
	}
	if p.Total.Energy < last.Production.Total.Energy || n.Total.Delivered < last.Net.Total.Delivered ||
		n.Total.Received < last.Net.Total.Received || r.Inverters.Energy < last.Inverters.Energy {
		t.Fatalf("%s: a counter fell:\n%+v\n%+v", r.Time, last, r)
	}
	if !last.Time.IsZero() && !r.Time.After(last.Time) {
		t.Fatalf("readingTime %v follows %v", r.Time, last.Time)
	}
}

func TestSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{Start: noon(), Speed: 3600}
		measure := func() *Reading { g.mu.Lock(); defer g.mu.Unlock(); return locked{g}.measure() }
		day := measure()
		time.Sleep(10 * time.Second) // ten at night
		night := measure()
		if day.Production.Total.Power < 500 || night.Production.Total.Power != 0 {
			t.Errorf("production at noon %v W, at night %v W", day.Production.Total.Power, night.Production.Total.Power)
		}
		if got := night.Time.Sub(day.Time); got != 10*time.Second {
			t.Errorf("readingTime went on by %v, want the real 10s", got)
		}
		if night.Production.Total.Energy-day.Production.Total.Energy < 3000 {
			t.Errorf("an afternoon of sun gave %v Wh", night.Production.Total.Energy-day.Production.Total.Energy)
		}
	})
}

// A house is a function of its clock, and no two milliseconds are alike.
func TestDeterministic(t *testing.T) {
	h, seen := house{lines: 3}, map[flow]bool{}
	for i := range 1000 {
		at := noon().Add(time.Duration(i) * time.Millisecond)
		f := h.at(at)
		if f != h.at(at) || seen[f] {
			t.Fatalf("%v: %v is not the same twice, or was there before", at, f)
		}
		seen[f] = true
	}
}

func BenchmarkYear(b *testing.B) {
	for b.Loop() {
		var m register
		m.advance(noon(), house{lines: 3}, time.Time{}, 1)
		m.advance(noon().AddDate(1, 0, 0), house{lines: 3}, time.Time{}, 1)
	}
}
