package web

import (
	"fmt"
	"math"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// heading returns what happens at the grid, in the words of lib.js, or why that is not
// known. v may be nil.
func heading(v *view) string {
	if v == nil {
		return "No gateway"
	}
	switch v.Late {
	case "new":
		return "Waiting for a reading"
	case "offline":
		return "Gateway offline"
	case "stale":
		return "No current reading"
	}
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

// text returns the energies that were measured. t may be nil.
func (t *today) text() string {
	if t == nil {
		return ""
	}
	var list []string
	for _, e := range []struct {
		word string
		kwh  respond.Number
	}{
		{"produced", t.Produced},
		{"used", t.Used},
		{"exported", t.Exported},
		{"imported", t.Imported},
		{"charged", t.Charged},
		{"discharged", t.Discharged},
	} {
		if !e.kwh.IsNaN() {
			list = append(list, fmt.Sprintf("%s %.1f kWh", e.word, e.kwh))
		}
	}
	return strings.Join(list, ", ")
}

func gridWord(w *respond.Number) string {
	return directionWord(w, "importing", "exporting", "balanced")
}

func batteryWord(w *respond.Number) string {
	return directionWord(w, "discharging", "charging", "idle")
}

func directionWord(w *respond.Number, positive, negative, none string) string {
	switch {
	case w != nil && *w > 20:
		return positive
	case w != nil && *w < -20:
		return negative
	}
	return none
}

// watts returns the magnitude of a power: its direction is a word.
func watts(w *respond.Number) string {
	if w == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f W", math.Round(math.Abs(float64(*w))))
}

func powerText(w respond.Number) string {
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
