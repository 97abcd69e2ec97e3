package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// An index is the table that browsers without JavaScript display.
type index struct {
	Heading, Name    string
	Time, Clock, Age string // of the reading; empty if there is none
	Level, Today     string
	Phases           []string
	Rows             []indexRow
	Others           []summary
}

type indexRow struct {
	Name  string
	Cells []string // total, then the phases
}

func newIndex(p page) index {
	x := index{Heading: "No gateway", Others: p.Gateways}
	v := p.Gateway
	if v == nil {
		return x
	}
	x.Name = v.Name
	if v.Time > 0 {
		at := time.UnixMilli(v.Time)
		x.Time, x.Clock, x.Age = at.Format(time.RFC3339), at.Format(time.TimeOnly), duration(float64(v.Age))
	}
	switch v.Late {
	case "new":
		x.Heading = "Waiting for a reading"
	case "offline":
		x.Heading = "Gateway offline"
	case "stale": // an old value must not look like a present one
		x.Heading = "No current reading"
	default:
		x.Heading = v.heading()
		x.addRows(v)
	}
	return x
}

func (x *index) addRows(v *view) {
	if len(v.Phases) > 1 {
		for _, p := range v.Phases {
			x.Phases = append(x.Phases, p.Name)
		}
	}
	row := func(name string, total *number, of func(phase) *number) {
		if total == nil {
			return
		}
		r := indexRow{name, []string{watts(total)}}
		for i := range x.Phases {
			r.Cells = append(r.Cells, watts(of(v.Phases[i])))
		}
		x.Rows = append(x.Rows, r)
	}
	row("Solar, producing", v.Solar, func(p phase) *number { return p.Solar })
	row("House, using", v.House, func(p phase) *number { return p.House })
	row("Battery, "+batteryWord(v.Battery), v.Battery, func(p phase) *number { return p.Battery })
	row("Grid, "+gridWord(v.Grid), v.Grid, func(p phase) *number { return p.Grid })
	if v.Level != nil {
		x.Level = fmt.Sprintf("%.0f %%", float64(*v.Level))
	}
	x.Today = v.Today.text()
}

// heading returns what happens at the grid, in the words of lib.js.
func (v *view) heading() string {
	switch word := gridWord(v.Grid); {
	case v.Grid == nil && v.Solar == nil:
		return "No power is measured"
	case v.Grid == nil:
		return "Producing " + powerText(*v.Solar)
	case word == "balanced":
		return "Grid balanced"
	default:
		return strings.ToUpper(word[:1]) + word[1:] + " " + powerText(*v.Grid)
	}
}

// text returns the energies that were measured.
func (t *today) text() string {
	if t == nil {
		return ""
	}
	var list []string
	for _, e := range []struct {
		word string
		kwh  number
	}{{"produced", t.Produced}, {"used", t.Used}, {"exported", t.Exported}, {"imported", t.Imported}, {"charged", t.Charged}, {"discharged", t.Discharged}} {
		if !math.IsNaN(float64(e.kwh)) {
			list = append(list, fmt.Sprintf("%s %.1f kWh", e.word, float64(e.kwh)))
		}
	}
	return strings.Join(list, ", ")
}

func gridWord(w *number) string { return directionWord(w, "importing", "exporting", "balanced") }

func batteryWord(w *number) string { return directionWord(w, "discharging", "charging", "idle") }

func directionWord(w *number, positive, negative, none string) string {
	switch {
	case w != nil && *w > 20:
		return positive
	case w != nil && *w < -20:
		return negative
	}
	return none
}

// watts returns the magnitude of a power: its direction is a word.
func watts(w *number) string {
	if w == nil {
		return "–"
	}
	return strconv.FormatFloat(math.Round(math.Abs(float64(*w))), 'f', 0, 64) + " W"
}

func powerText(w number) string {
	switch abs := math.Abs(float64(w)); {
	case abs < 999.5:
		return fmt.Sprintf("%.0f W", abs)
	case abs < 9995:
		return fmt.Sprintf("%.2f kW", abs/1000)
	default:
		return fmt.Sprintf("%.1f kW", abs/1000)
	}
}

func duration(sec float64) string {
	switch {
	case sec < 90:
		return fmt.Sprintf("%.0f s", sec)
	case sec < 5400:
		return fmt.Sprintf("%.0f min", sec/60)
	default:
		return fmt.Sprintf("%.0f h", sec/3600)
	}
}
