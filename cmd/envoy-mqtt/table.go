package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// meterNames are what a person calls the measurements, in the order of a table.
var meterNames = []struct {
	of   envoy.Measurement
	name string
}{
	{envoy.NetConsumption, "grid (+ import, - export)"},
	{envoy.Production, "production"},
	{envoy.TotalConsumption, "consumption"},
	{envoy.Storage, "storage (+ discharging)"},
	{envoy.House, "house"},
	{envoy.Backfeed, "backfeed"},
	{envoy.Load, "load"},
	{envoy.EVSE, "car charger"},
	{envoy.PV3P, "other solar power"},
	{envoy.Generator, "generator"},
}

var tableColumns = []struct {
	of       envoy.Quantity
	head     string
	decimals int
}{
	{envoy.Power, "W", 1},
	{envoy.Voltage, "V", 1},
	{envoy.Current, "A", 2},
	{envoy.PowerFactor, "PF", 2},
	{envoy.Energy, "kWh", 3},
	{envoy.EnergyImport, "kWh in", 3},
	{envoy.EnergyExport, "kWh out", 3},
}

// printSample writes a sample as a table: a row for each meter and phase. What
// is not measured is left blank.
func printSample(w io.Writer, i envoy.Info, s envoy.Sample) error {
	_, err := fmt.Fprintf(w, "Envoy %s, firmware %s, %s, answered in %v\n", i.Serial, i.Firmware, s.Time.Local().Format(time.DateTime), s.Took.Round(time.Millisecond))
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, col := range tableColumns {
		fmt.Fprint(t, "\t", col.head)
	}
	fmt.Fprintln(t, "\t")
	for _, row := range meterNames {
		m, ok := s.Meter(row.of)
		if !ok {
			continue
		}
		printRow(t, row.name, row.of, m.Total)
		for i, c := range m.Phases {
			printRow(t, "L"+strconv.Itoa(i+1), row.of, c)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if s.NoGrid != nil {
		_, err = fmt.Fprintf(w, "No net consumption: %v\n", s.NoGrid)
	}
	return err
}

func printRow(w io.Writer, name string, m envoy.Measurement, c envoy.Channel) {
	fmt.Fprint(w, name)
	for _, col := range tableColumns {
		text := ""
		if v, ok := c.Get(col.of); ok && (m != envoy.NetConsumption || col.of != envoy.Energy) { // import less export is no meter reading
			text = strconv.FormatFloat(v, 'f', col.decimals, 64)
		}
		fmt.Fprint(w, "\t", text)
	}
	fmt.Fprintln(w, "\t")
}
