// Package webtest has an invented past and requests for tests of the page.
package webtest

import (
	"fmt"
	"math"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// A History invents what was measured. Each day is the same: its energies are those
// of [Day]. The zero value has a past without end.
type History struct {
	Gap func(time.Time) bool // whether nothing was measured; nil: always something
}

// Inverters is the number of inverters. Number 3 does not report, number 5 has
// 70 % of the power of the others, number 7 has 60 % as usual.
const Inverters = 24

// Day returns the energies of each day.
func Day(d history.Date) history.Day {
	return history.Day{Date: d, Produced: 31.4, Used: 12.5, Imported: 2.25, Exported: 17.5, Charged: 8.5, Discharged: 4.75, Peak: 7800}
}

// at returns the powers and the level at a moment of a day.
func at(t time.Time) (v [history.NumSeries]float64) {
	h := float64(t.Hour()) + float64(t.Minute())/60
	if x := (h - 6) / 14; x > 0 && x < 1 {
		v[history.Solar] = 7800 * math.Pow(math.Sin(math.Pi*x), 1.9)
	}
	v[history.Use] = 380 + 900*math.Exp(-(h-19)*(h-19)) + 500*math.Exp(-(h-7.5)*(h-7.5)*2)
	rest := v[history.Use] - v[history.Solar]
	switch v[history.Level] = 20; {
	case h >= 8 && h < 12:
		v[history.Battery], v[history.Level] = max(-3000, min(0, rest)), 20+(h-8)*18
	case h >= 12 && h < 18:
		v[history.Level] = 92
	case h >= 18:
		v[history.Battery], v[history.Level] = min(1500, max(0, rest)), 92-(h-18)*12
	}
	v[history.Grid] = rest - v[history.Battery]
	return v
}

// Power implements the interface of package web.
func (h History) Power(_ string, from, to time.Time, points int) history.Plot {
	step := max(10*time.Second, (to.Sub(from) / time.Duration(points)).Truncate(10*time.Second))
	for to.Sub(from) > step*time.Duration(points) {
		step += 10 * time.Second
	}
	p := history.Plot{Start: from, End: to, Step: step}
	for t := from; t.Before(to); t = t.Add(step) {
		values := at(t)
		for s := range p.Series {
			v := float32(values[s])
			if t.After(time.Now()) || h.Gap != nil && h.Gap(t) {
				v = float32(math.NaN())
			}
			p.Series[s] = append(p.Series[s], history.Point{Min: v, Mean: v, Max: v})
		}
	}
	return p
}

// Days implements the interface of package web.
func (h History) Days(_ string, from, to history.Date) (list []history.Day) {
	today := history.DateOf(time.Now())
	for d := from; !d.Start(time.UTC).After(to.Start(time.UTC)); d = d.AddDays(1) {
		if d.Start(time.UTC).After(today.Start(time.UTC)) || h.Gap != nil && h.Gap(d.Start(time.Local).Add(12*time.Hour)) {
			continue
		}
		list = append(list, Day(d))
	}
	return list
}

// Inverters implements the interface of package web.
func (History) Inverters(_ string, day history.Date) history.InverterDay {
	const step = 15 * time.Minute
	start := day.Start(time.Local)
	d := history.InverterDay{Start: start, Step: step, Slots: 96, UsualDays: 7}
	d.Known = int(min(96, max(0, time.Since(start)/step+1)))
	for i := range Inverters {
		inverter := history.InverterPower{Serial: fmt.Sprintf("4822070%05d", 31002+137*i)}
		for slot := range d.Known {
			t := start.Add(time.Duration(slot) * step)
			w, usual := at(t)[history.Solar]/Inverters*(1+.03*math.Sin(float64(i*7+slot))), 1.0
			switch {
			case i == 3 || w < 1:
				w = math.NaN()
			case i == 5:
				w *= .7
			case i == 7:
				w, usual = w*.6, .6
			}
			inverter.Power, inverter.Usual = append(inverter.Power, float32(w)), append(inverter.Usual, float32(usual))
		}
		d.Inverters = append(d.Inverters, inverter)
	}
	return d
}

// HighestPower implements the interface of package web.
func (History) HighestPower(string) float64 { return 7800 }

// DiskSize implements the interface of package web.
func (History) DiskSize() int64 { return 3_200_000 }
