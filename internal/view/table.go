package view

import (
	"fmt"
	"slices"
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
		if lines != nil {
			lines = append(lines, "")
		}
		lines = append(lines, terminal.WrapLines(row.name+" ", "  ", "("+row.sign+")", width)...)
		lines = append(lines, meterTable(m, width)...)
	}
	return lines
}

// labelWidth is the width of the first column.
const labelWidth = 6

func meterTable(m envoy.Meter, width int) (lines []string) {
	channels := append([]envoy.Channel{m.Total}, m.Phases...)
	columns := slices.DeleteFunc(slices.Clone(tableColumns), func(col tableColumn) bool {
		if m.Measurement == envoy.NetConsumption && col.of == envoy.Energy {
			return true // import less export is no meter reading
		}
		return !slices.ContainsFunc(channels, func(c envoy.Channel) bool { _, ok := c.Get(col.of); return ok })
	})
	for len(columns) > 0 {
		used, fitting := labelWidth, 0
		for fitting < len(columns) {
			used += 1 + columns[fitting].width
			if used > width && fitting > 0 {
				break
			}
			fitting++
		}
		lines = append(lines, tableRows(channels, columns[:fitting])...)
		columns = columns[fitting:]
	}
	return lines
}

// tableRows returns the columns of the total and the phases, without rows that are
// blank.
func tableRows(channels []envoy.Channel, columns []tableColumn) (lines []string) {
	var head strings.Builder
	head.WriteString(strings.Repeat(" ", labelWidth))
	for _, col := range columns {
		fmt.Fprintf(&head, " %*s", col.width, col.head)
	}
	lines = append(lines, head.String())
	for i, c := range channels {
		label := "total"
		if i > 0 {
			label = "L" + strconv.Itoa(i)
		}
		var line strings.Builder
		fmt.Fprintf(&line, "%-*s", labelWidth, label)
		isBlank := true
		for _, col := range columns {
			text := ""
			if v, ok := c.Get(col.of); ok {
				text, isBlank = strconv.FormatFloat(v, 'f', col.decimals, 64), false
			}
			fmt.Fprintf(&line, " %*s", col.width, text)
		}
		if !isBlank {
			lines = append(lines, strings.TrimRight(line.String(), " "))
		}
	}
	return lines
}
