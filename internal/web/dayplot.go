package web

import (
	"cmp"
	"math"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// A dayPlot is the powers of a day.
type dayPlot struct {
	Date  string  `json:"date"`
	Start int64   `json:"start"`         // s since 1970
	End   int64   `json:"end"`           // likewise, exclusive
	Step  int64   `json:"step"`          // s; not 0 if nothing was measured
	Now   int64   `json:"now,omitempty"` // s since 1970 if the day is today
	Light []int64 `json:"light"`         // between the nights, s since 1970; null if unknown
	powers
	Energies *datedEnergies `json:"energies"` // null if unknown
	// Min and Max are the lowest and the highest of the means that are kept of each
	// step: those of 10 s in the last 24 hours, else of a minute.
	Min *powers `json:"min,omitempty"`
	Max *powers `json:"max,omitempty"`
}

// powers are a value of each step; null if it was never measured.
type powers struct {
	Solar   []respond.Number `json:"solar"`   // W
	House   []respond.Number `json:"house"`   // W
	Grid    []respond.Number `json:"grid"`    // W, + importing
	Battery []respond.Number `json:"battery"` // W, + discharging
	Level   []respond.Number `json:"level"`   // %
}

// newPowers returns one of the values of each point.
func newPowers(p history.Plot, of func(history.Point) float32) powers {
	values := func(s history.Series) []respond.Number {
		if p.Series[s] == nil {
			return nil
		}
		list := make([]respond.Number, len(p.Series[s]))
		for i, point := range p.Series[s] {
			list[i] = respond.Number(math.Round(float64(of(point))))
		}
		return list
	}
	return powers{values(history.Solar), values(history.Use), values(history.Grid), values(history.Battery), values(history.Level)}
}

// dayPlot returns the powers of a day.
func (p past) dayPlot(q historyQuery, now time.Time) dayPlot {
	start, end := q.date.Start(now.Location()), q.date.AddDays(1).Start(now.Location())
	plot := p.plot(start, end, q.points)
	d := dayPlot{
		Date: q.date.String(), Start: start.Unix(), End: end.Unix(),
		Step:   cmp.Or(int64(plot.Step/time.Second), (end.Unix()-start.Unix())/int64(q.points)),
		powers: newPowers(plot, func(p history.Point) float32 { return p.Mean }),
	}
	if q.isRange {
		d.Min = new(newPowers(plot, func(p history.Point) float32 { return p.Min }))
		d.Max = new(newPowers(plot, func(p history.Point) float32 { return p.Max }))
	}
	light := daylightOf(plot)
	if q.isToday {
		d.Now = now.Unix()
		before := p.plot(q.date.AddDays(-1).Start(now.Location()), start, 24*6)
		light = light.completed(daylightOf(before))
	}
	d.Light = light.within(start, end)
	for _, e := range p.days(q.date, q.date) {
		d.Energies = &datedEnergies{e.Date.String(), newEnergies(e)}
	}
	return d
}

// rows returns the plot as CSV.
func (d *dayPlot) rows() [][]string {
	rows := [][]string{{"time", "solar_w", "house_w", "grid_w", "battery_w", "battery_percent"}}
	for i := range int((d.End - d.Start) / max(d.Step, 1)) {
		row := []string{time.Unix(d.Start+int64(i)*d.Step, 0).UTC().Format(time.RFC3339)}
		isEmpty := true
		for _, column := range [][]respond.Number{d.Solar, d.House, d.Grid, d.Battery, d.Level} {
			cell := ""
			if i < len(column) {
				cell = column[i].Cell(-1)
			}
			row, isEmpty = append(row, cell), isEmpty && cell == ""
		}
		if !isEmpty {
			rows = append(rows, row)
		}
	}
	return rows
}
