package web

import (
	"math"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// energies are those of a day or a month in kWh; null if they were not measured.
type energies struct {
	Date       string `json:"date"`
	Produced   number `json:"produced"`
	Used       number `json:"used"`
	Imported   number `json:"imported"`
	Exported   number `json:"exported"`
	Charged    number `json:"charged"`
	Discharged number `json:"discharged"`
}

func newEnergies(d history.Day) energies {
	return energies{
		d.Date.String(), number(d.Produced), number(d.Used), number(d.Imported),
		number(d.Exported), number(d.Charged), number(d.Discharged),
	}
}

func (e *energies) columns() []*number {
	return []*number{&e.Produced, &e.Used, &e.Imported, &e.Exported, &e.Charged, &e.Discharged}
}

// noEnergies returns the energies of a period without data.
func noEnergies(d history.Date) energies {
	e := energies{Date: d.String()}
	for _, v := range e.columns() {
		*v = number(math.NaN())
	}
	return e
}

// energiesOf returns the 31 days or 13 months that end with the date of q.
func (a historyAPI) energiesOf(q historyQuery) []energies {
	if q.period == "days" {
		return a.days(q.gateway.Serial, q.date)
	}
	return a.months(q.gateway.Serial, q.date)
}

// days returns one element a day, also for days without data.
func (a historyAPI) days(serial string, last history.Date) []energies {
	first := last.AddDays(1 - daysOfPeriod)
	known := map[history.Date]history.Day{}
	for _, d := range a.past.Days(serial, first, last) {
		known[d.Date] = d
	}
	var list []energies
	for i := range daysOfPeriod {
		date := first.AddDays(i)
		if d, ok := known[date]; ok {
			list = append(list, newEnergies(d))
		} else {
			list = append(list, noEnergies(date))
		}
	}
	return list
}

// months returns one element a month, with the date of its first day.
func (a historyAPI) months(serial string, last history.Date) []energies {
	month := func(d history.Date, add int) history.Date {
		return history.DateOf(time.Date(d.Year, d.Month+time.Month(add), 1, 0, 0, 0, 0, time.UTC))
	}
	first := month(last, 1-monthsOf)
	list, position := make([]energies, monthsOf), map[history.Date]int{}
	for i := range list {
		date := month(first, i)
		list[i], position[date] = noEnergies(date), i
	}
	for _, d := range a.past.Days(serial, first, last) {
		i, ok := position[month(d.Date, 0)]
		if !ok {
			continue
		}
		day, sum := newEnergies(d), list[i].columns()
		for k, v := range day.columns() {
			switch {
			case math.IsNaN(float64(*v)):
			case math.IsNaN(float64(*sum[k])):
				*sum[k] = *v
			default:
				*sum[k] += *v
			}
		}
	}
	return list
}

func energyRows(list []energies) [][]string {
	rows := [][]string{{"date", "produced_kwh", "used_kwh", "imported_kwh", "exported_kwh", "charged_kwh", "discharged_kwh"}}
	for _, e := range list {
		row := []string{e.Date}
		for _, v := range e.columns() {
			text := ""
			if !math.IsNaN(float64(*v)) {
				text = strconv.FormatFloat(float64(*v), 'f', 3, 64)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows
}
