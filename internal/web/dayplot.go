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
	for i := range int((d.End - d.Start + d.Step - 1) / max(d.Step, 1)) {
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

// lightPower is the solar power in W from which it is day.
const lightPower = 5

// A daylight is when solar power was produced, in s since 1970. The place of the
// gateway is not known, so that this is all that is known of day and night.
type daylight struct {
	from, to int64 // zero: nothing was produced
	// hasDawn means that darkness was measured before, hasDusk after it. Without them
	// the light can have begun earlier, or can go on.
	hasDawn, hasDusk bool
}

// daylightOf returns the light of a day.
func daylightOf(p history.Plot) daylight {
	var l daylight
	dark := int64(0) // the end of the last dark step before the light
	for i, s := range p.Series[history.Solar] {
		at := p.Start.Add(time.Duration(i) * p.Step).Unix()
		switch next := at + int64(p.Step/time.Second); {
		case math.IsNaN(float64(s.Mean)):
		case s.Mean > lightPower && l.from == 0:
			l = daylight{from: at, to: next, hasDawn: dark > 0}
			if l.hasDawn {
				l.from = dark
			}
		case s.Mean > lightPower:
			l.to, l.hasDusk = next, false
		case l.from == 0:
			dark = next
		case !l.hasDusk:
			l.to, l.hasDusk = at, true
		}
	}
	return l
}

// completed returns the light of a day that has not ended: what is missing is that of
// the day before.
func (l daylight) completed(before daylight) daylight {
	const day = 24 * 60 * 60 // of the sun, which daylight saving does not shift
	before.from, before.to = before.from+day, before.to+day
	switch {
	case before.from == day:
		return l
	case l.from == 0:
		return before
	}
	if !l.hasDawn && before.hasDawn {
		l.from, l.hasDawn = min(l.from, before.from), true
	}
	if before.hasDusk && before.to > l.to {
		l.to, l.hasDusk = before.to, true
	}
	return l
}

// within returns the light of the day from start to end; nil if none is known. Hours
// that can have been light are light.
func (l daylight) within(start, end time.Time) []int64 {
	if l.from == 0 {
		return nil
	}
	if !l.hasDawn {
		l.from = start.Unix()
	}
	if !l.hasDusk {
		l.to = end.Unix()
	}
	return []int64{l.from, l.to}
}
