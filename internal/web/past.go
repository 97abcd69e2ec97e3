package web

import (
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
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

// The lengths of the lists of api/history.
const (
	daysOfPeriod   = 31
	monthsOfPeriod = 13
)

// energies are those of a day or a month in kWh; null if they were not measured.
type energies struct {
	Produced   respond.Number `json:"produced"`
	Used       respond.Number `json:"used"`
	Imported   respond.Number `json:"imported"`
	Exported   respond.Number `json:"exported"`
	Charged    respond.Number `json:"charged"`
	Discharged respond.Number `json:"discharged"`
}

// datedEnergies are energies with their day, or the first day of their month.
type datedEnergies struct {
	Date string `json:"date"`
	energies
}

func newEnergies(d history.Day) energies {
	return energies{
		respond.Number(d.Produced), respond.Number(d.Used), respond.Number(d.Imported),
		respond.Number(d.Exported), respond.Number(d.Charged), respond.Number(d.Discharged),
	}
}

func (e *energies) columns() []*respond.Number {
	return []*respond.Number{&e.Produced, &e.Used, &e.Imported, &e.Exported, &e.Charged, &e.Discharged}
}

// sum adds energies, of which those that were not measured do not count.
func (e *energies) sum(other energies) {
	to := e.columns()
	for i, v := range other.columns() {
		switch {
		case v.IsNaN():
		case to[i].IsNaN():
			*to[i] = *v
		default:
			*to[i] += *v
		}
	}
}

// lastDays returns one element a day until last, also for days without data.
func (p past) lastDays(last history.Date) []datedEnergies {
	dates := make([]history.Date, daysOfPeriod)
	for i := range dates {
		dates[i] = last.AddDays(i + 1 - daysOfPeriod)
	}
	return p.energiesOf(dates, last, func(d history.Date) history.Date { return d })
}

// lastMonths returns one element a month until that of last, which counts until last.
func (p past) lastMonths(last history.Date) []datedEnergies {
	month := func(d history.Date, plus int) history.Date {
		return history.DateOf(time.Date(d.Year, d.Month+time.Month(plus), 1, 0, 0, 0, 0, time.UTC))
	}
	dates := make([]history.Date, monthsOfPeriod)
	for i := range dates {
		dates[i] = month(last, i+1-monthsOfPeriod)
	}
	return p.energiesOf(dates, last, func(d history.Date) history.Date { return month(d, 0) })
}

// energiesOf returns the energies of periods that begin at dates. The last period ends
// with last; beginning returns the date at which the period of a day begins.
func (p past) energiesOf(dates []history.Date, last history.Date, beginning func(history.Date) history.Date) []datedEnergies {
	nan := respond.Number(math.NaN())
	list, position := make([]datedEnergies, len(dates)), map[history.Date]int{}
	for i, date := range dates {
		list[i], position[date] = datedEnergies{date.String(), energies{nan, nan, nan, nan, nan, nan}}, i
	}
	for _, d := range p.days(dates[0], last) {
		if i, ok := position[beginning(d.Date)]; ok {
			list[i].sum(newEnergies(d))
		}
	}
	return list
}

func energyRows(list []datedEnergies) [][]string {
	rows := [][]string{{"date", "produced_kwh", "used_kwh", "imported_kwh", "exported_kwh", "charged_kwh", "discharged_kwh"}}
	for _, e := range list {
		row := []string{e.Date}
		for _, v := range e.columns() {
			row = append(row, v.Cell(3))
		}
		rows = append(rows, row)
	}
	return rows
}
