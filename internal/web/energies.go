package web

import (
	"math"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

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
