package web

import (
	"cmp"
	"math"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// A dayPlot is the powers of a day.
type dayPlot struct {
	Date     string    `json:"date"`
	Start    int64     `json:"start"`         // s since 1970
	End      int64     `json:"end"`           // likewise, exclusive
	Step     int64     `json:"step"`          // s; not 0 if nothing was measured
	Now      int64     `json:"now,omitempty"` // s since 1970 if the day is today
	Light    []int64   `json:"light"`         // between the nights, s since 1970; null if unknown
	Solar    []number  `json:"solar"`         // W, mean of each step; null if never measured
	House    []number  `json:"house"`         // W
	Grid     []number  `json:"grid"`          // W, + importing
	Battery  []number  `json:"battery"`       // W, + discharging
	Level    []number  `json:"level"`         // %
	Energies *energies `json:"energies"`      // null if unknown
	Min      *extremes `json:"min,omitempty"`
	Max      *extremes `json:"max,omitempty"`
}

// extremes are the lowest or the highest of the means that are kept of each step:
// those of 10 s in the last 24 hours, else of a minute. They are as in [dayPlot].
type extremes struct {
	Solar   []number `json:"solar"`
	House   []number `json:"house"`
	Grid    []number `json:"grid"`
	Battery []number `json:"battery"`
	Level   []number `json:"level"`
}

func newExtremes(p history.Plot, of func(history.Point) float32) *extremes {
	list := func(s history.Series) []number { return rounded(p.Series[s], of) }
	return &extremes{list(history.Solar), list(history.Use), list(history.Grid), list(history.Battery), list(history.Level)}
}

// dayPlot returns the powers of a day.
func (a historyAPI) dayPlot(q historyQuery, now time.Time) dayPlot {
	serial, start, end := q.gateway.Serial, q.date.Start(now.Location()), q.date.AddDays(1).Start(now.Location())
	p := a.past.Power(serial, start, end, q.points)
	d := dayPlot{
		Date: q.date.String(), Start: start.Unix(), End: end.Unix(), Step: cmp.Or(int64(p.Step/time.Second), (end.Unix()-start.Unix())/int64(q.points)),
		Solar: means(p.Series[history.Solar]), House: means(p.Series[history.Use]), Grid: means(p.Series[history.Grid]),
		Battery: means(p.Series[history.Battery]), Level: means(p.Series[history.Level]),
	}
	if q.isRange {
		d.Min = newExtremes(p, func(p history.Point) float32 { return p.Min })
		d.Max = newExtremes(p, func(p history.Point) float32 { return p.Max })
	}
	light := daylightOf(p)
	if q.isToday {
		d.Now = now.Unix()
		light = light.completed(a.daylightBefore(serial, start))
	}
	d.Light = light.within(start, end)
	for _, e := range a.past.Days(serial, q.date, q.date) {
		d.Energies = new(newEnergies(e))
	}
	return d
}

func means(points []history.Point) []number {
	return rounded(points, func(p history.Point) float32 { return p.Mean })
}

// rounded returns a value of each point, nil if there are none.
func rounded(points []history.Point, of func(history.Point) float32) []number {
	if points == nil {
		return nil
	}
	list := make([]number, len(points))
	for i, p := range points {
		list[i] = number(math.Round(float64(of(p))))
	}
	return list
}

// rows returns the plot as CSV.
func (d *dayPlot) rows() [][]string {
	columns := [][]number{d.Solar, d.House, d.Grid, d.Battery, d.Level}
	rows := [][]string{{"time", "solar_w", "house_w", "grid_w", "battery_w", "battery_percent"}}
	for i := range int((d.End - d.Start) / max(d.Step, 1)) {
		row := []string{time.Unix(d.Start+int64(i)*d.Step, 0).UTC().Format(time.RFC3339)}
		empty := true
		for _, c := range columns {
			text := ""
			if i < len(c) && !math.IsNaN(float64(c[i])) {
				text, empty = strconv.FormatFloat(float64(c[i]), 'f', -1, 64), false
			}
			row = append(row, text)
		}
		if !empty {
			rows = append(rows, row)
		}
	}
	return rows
}
