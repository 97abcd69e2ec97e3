package view

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// meterNames are what a person calls the measurements, in the order of a table,
// and what a positive power means.
var meterNames = []struct {
	of   envoy.Measurement
	name string
	sign string
}{
	{envoy.NetConsumption, "grid", "+ importing, - exporting"},
	{envoy.Production, "production", "+ producing"},
	{envoy.TotalConsumption, "consumption", "+ using, battery charging included"},
	{envoy.Storage, "storage", "+ discharging, - charging"},
	{envoy.House, "house", "+ using, without battery charging"},
	{envoy.Backfeed, "backfeed", "+ toward the switchboard"},
	{envoy.Load, "load", "+ toward the switchboard"},
	{envoy.EVSE, "car charger", "+ toward the switchboard"},
	{envoy.PV3P, "other solar power", "+ toward the switchboard"},
	{envoy.Generator, "generator", "+ running"},
}

// A tableColumn is a quantity of the table.
type tableColumn struct {
	of       envoy.Quantity
	head     string
	decimals int
	width    int // in columns, without the gap
}

var tableColumns = []tableColumn{
	{envoy.Power, "W", 1, 8},
	{envoy.Voltage, "V", 1, 6},
	{envoy.Current, "A", 2, 7},
	{envoy.Frequency, "Hz", 2, 5},
	{envoy.PowerFactor, "PF", 2, 5},
	{envoy.ApparentPower, "VA", 1, 8},
	{envoy.ReactivePower, "var", 1, 7},
	{envoy.Energy, "kWh", 3, 9},
	{envoy.EnergyImport, "kWh in", 3, 9},
	{envoy.EnergyExport, "kWh out", 3, 9},
	{envoy.EnergyCharged, "charged", 3, 9},
	{envoy.EnergyDischarged, "discharged", 3, 10},
	{envoy.EnergyReceived, "received", 3, 9},
}

// Table returns all values of a sample as one small table for each meter: a
// row for the total and each phase. Values that were not measured are left blank.
// Columns that do not fit into width continue below.
func Table(s envoy.Sample, width int) (lines []string) {
	for _, row := range meterNames {
		m, ok := s.Meter(row.of)
		if !ok {
			continue
		}
		names, channels := []string{"total"}, []envoy.Channel{m.Total}
		for i, c := range m.Phases {
			names, channels = append(names, "L"+strconv.Itoa(i+1)), append(channels, c)
		}
		if lines != nil {
			lines = append(lines, "")
		}
		lines = append(lines, terminal.WrapLines(row.name+" ", "  ", "("+row.sign+")", width)...)
		lines = append(lines, meterTable(row.of, names, channels, width)...)
	}
	return lines
}

// meterTable returns the values of one meter.
func meterTable(of envoy.Measurement, names []string, channels []envoy.Channel, width int) (lines []string) {
	const label, gap = 6, 1
	var shown []tableColumn
	used := label
	flush := func() {
		if len(shown) > 0 {
			lines = append(lines, tableRows(of, names, channels, shown, label)...)
		}
		shown, used = nil, label
	}
	for _, col := range tableColumns {
		if !measures(of, channels, col.of) {
			continue
		}
		if used+gap+col.width > width {
			flush()
		}
		shown, used = append(shown, col), used+gap+col.width
	}
	flush()
	return lines
}

func tableRows(of envoy.Measurement, names []string, channels []envoy.Channel, shown []tableColumn, label int) (lines []string) {
	var head strings.Builder
	head.WriteString(strings.Repeat(" ", label))
	for _, col := range shown {
		fmt.Fprintf(&head, " %*s", col.width, col.head)
	}
	lines = append(lines, head.String())
	for i, c := range channels {
		var line strings.Builder
		fmt.Fprintf(&line, "%-*s", label, names[i])
		empty := true
		for _, col := range shown {
			text := ""
			if v, ok := c.Get(col.of); ok && isShown(of, col.of) {
				text, empty = strconv.FormatFloat(v, 'f', col.decimals, 64), false
			}
			fmt.Fprintf(&line, " %*s", col.width, text)
		}
		if !empty {
			lines = append(lines, strings.TrimRight(line.String(), " "))
		}
	}
	return lines
}

// isShown reports whether q of the meter is shown: import less export is no meter
// reading.
func isShown(of envoy.Measurement, q envoy.Quantity) bool {
	return of != envoy.NetConsumption || q != envoy.Energy
}

// measures reports whether one of channels has q.
func measures(of envoy.Measurement, channels []envoy.Channel, q envoy.Quantity) bool {
	for _, c := range channels {
		if _, ok := c.Get(q); ok && isShown(of, q) {
			return true
		}
	}
	return false
}
