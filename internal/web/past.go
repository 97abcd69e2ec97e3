package web

import (
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// A History returns what was measured in the past. Its methods are called
// concurrently, and return zero values for a serial number that they do not know.
type History interface {
	// Power returns the series of [from, to) in at most points steps.
	Power(serial string, from, to time.Time, points int) history.Plot
	// Days returns the energies of the days from from to to, in order. Days without
	// data are left out; today counts until now.
	Days(serial string, from, to history.Date) []history.Day
	// Inverters returns the reports of the inverters of a day.
	Inverters(serial string, day history.Date) history.InverterDay
	// HighestPower returns the highest power of the last 31 days in W, 0 if it is unknown.
	HighestPower(serial string) float64
	// DiskSize returns the size of the files in bytes.
	DiskSize() int64
}

// A past is the past of a gateway, or the production of several together.
type past struct {
	history  History
	gateways []string // by serial number
	isSum    bool     // else gateways has one element
}

// plot returns the powers of [from, to) in at most points steps.
func (p past) plot(from, to time.Time, points int) history.Plot {
	if p.isSum {
		return p.sumPlot(from, to, points)
	}
	return p.history.Power(p.gateways[0], from, to, points)
}

// days returns the energies of the days from from to to, in order, without days of
// which nothing is known.
func (p past) days(from, to history.Date) []history.Day {
	if p.isSum {
		return p.sumDays(from, to)
	}
	return p.history.Days(p.gateways[0], from, to)
}

// sumPlot returns the production of several gateways in steps of one length. A step in
// which one of them was not measured has no sum.
func (p past) sumPlot(from, to time.Time, points int) history.Plot {
	var sum history.Plot
	plots := make([]history.Plot, len(p.gateways))
	for i, serial := range p.gateways {
		plots[i] = p.history.Power(serial, from, to, points)
		if plots[i].Step > sum.Step {
			sum = history.Plot{Start: plots[i].Start, End: plots[i].End, Step: plots[i].Step}
		}
	}
	for i, serial := range p.gateways {
		if plots[i].Step != sum.Step && sum.Step > 0 { // it is read less often
			points = int((to.Sub(sum.Start) + sum.Step - 1) / sum.Step)
			plots[i] = p.history.Power(serial, from, to, points)
		}
		list := plots[i].Series[history.Solar]
		if list == nil || plots[i].Step != sum.Step || !plots[i].Start.Equal(sum.Start) {
			sum.Series[history.Solar] = nil
			return sum
		}
		if i == 0 {
			sum.Series[history.Solar] = slices.Clone(list)
			continue
		}
		for k := range min(len(list), len(sum.Series[history.Solar])) {
			p := &sum.Series[history.Solar][k]
			*p = history.Point{Min: float32(math.NaN()), Mean: p.Mean + list[k].Mean, Max: float32(math.NaN())}
		}
	}
	return sum
}

// sumDays returns the energy that several gateways produced together on each day on
// which all of them were measured.
func (p past) sumDays(from, to history.Date) []history.Day {
	count := map[history.Date]int{}
	produced := map[history.Date]float64{}
	for _, serial := range p.gateways {
		for _, d := range p.history.Days(serial, from, to) {
			if !math.IsNaN(d.Produced) {
				count[d.Date]++
				produced[d.Date] += d.Produced
			}
		}
	}
	nan := math.NaN()
	var days []history.Day
	for d := from; !to.Start(time.UTC).Before(d.Start(time.UTC)); d = d.AddDays(1) {
		if n := count[d]; n > 0 && n == len(p.gateways) {
			days = append(days, history.Day{Date: d, Produced: produced[d], Used: nan, Imported: nan, Exported: nan, Charged: nan, Discharged: nan})
		}
	}
	return days
}
