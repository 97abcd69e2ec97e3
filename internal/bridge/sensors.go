package bridge

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A quantity is how one kind of value is written and what Home Assistant is
// told of it.
type quantity struct {
	key       string // the topic's last level, the key in live
	class     string // Home Assistant's device class
	unit      string
	counter   bool // total_increasing: it holds while its source is silent, and never expires
	live      bool // part of the live document
	decimals  int  // of the retained topic
	precise   int  // decimals in live
	displayed int  // decimals that Home Assistant shows
}

// quantities has a row for each quantity of package envoy.
var quantities = [...]quantity{
	envoy.Power:            {key: "power", class: "power", unit: "W", live: true, decimals: 0, precise: 3},
	envoy.Voltage:          {key: "voltage", class: "voltage", unit: "V", live: true, decimals: 1, precise: 1, displayed: 1},
	envoy.Current:          {key: "current", class: "current", unit: "A", live: true, decimals: 3, precise: 3, displayed: 3},
	envoy.Frequency:        {key: "frequency", class: "frequency", unit: "Hz", decimals: 2, displayed: 1},
	envoy.PowerFactor:      {key: "power_factor", class: "power_factor", decimals: 3, displayed: 2},
	envoy.ApparentPower:    {key: "apparent_power", class: "apparent_power", unit: "VA", decimals: 1},
	envoy.ReactivePower:    {key: "reactive_power", class: "reactive_power", unit: "var", decimals: 1},
	envoy.Energy:           {key: "energy", class: "energy", unit: "kWh", counter: true, live: true, decimals: 3, precise: 3, displayed: 3},
	envoy.EnergyImport:     {key: "energy_import", class: "energy", unit: "kWh", counter: true, live: true, decimals: 3, precise: 3, displayed: 3},
	envoy.EnergyExport:     {key: "energy_export", class: "energy", unit: "kWh", counter: true, live: true, decimals: 3, precise: 3, displayed: 3},
	envoy.EnergyCharged:    {key: "energy_charged", class: "energy", unit: "kWh", counter: true, live: true, decimals: 3, precise: 3, displayed: 3},
	envoy.EnergyDischarged: {key: "energy_discharged", class: "energy", unit: "kWh", counter: true, live: true, decimals: 3, precise: 3, displayed: 3},
	envoy.EnergyReceived:   {key: "energy_received", class: "energy", unit: "kWh", counter: true, decimals: 3, displayed: 3},
}

// A sensor is one value that the bridge publishes. Its row is the only place
// that knows it: topics, the live document and discovery derive from it.
type sensor struct {
	meter    envoy.Measurement
	quantity envoy.Quantity
	name     string // as Home Assistant's own enphase_envoy integration names it, where that has it
	enabled  bool
}

// sensors lists what is published, in the order of the live document. The
// lifetime energy of net consumption is not in it: it is import less export and falls.
var sensors = slices.Concat([]sensor{
	{envoy.NetConsumption, envoy.Power, "Current net power consumption", true},
	{envoy.NetConsumption, envoy.Voltage, "Voltage net consumption CT", false},
	{envoy.NetConsumption, envoy.Current, "Net consumption CT current", false},
	{envoy.NetConsumption, envoy.Frequency, "Frequency net consumption CT", false},
	{envoy.NetConsumption, envoy.PowerFactor, "Power factor net consumption CT", false},
	{envoy.NetConsumption, envoy.ApparentPower, "Apparent power net consumption CT", false},
	{envoy.NetConsumption, envoy.ReactivePower, "Reactive power net consumption CT", false},
	{envoy.NetConsumption, envoy.EnergyImport, "Lifetime net energy consumption", true},
	{envoy.NetConsumption, envoy.EnergyExport, "Lifetime net energy production", true},

	{envoy.Production, envoy.Power, "Current power production", true},
	{envoy.Production, envoy.Voltage, "Voltage production CT", false},
	{envoy.Production, envoy.Current, "Production CT current", false},
	{envoy.Production, envoy.Frequency, "Frequency production CT", false},
	{envoy.Production, envoy.PowerFactor, "Power factor production CT", false},
	{envoy.Production, envoy.ApparentPower, "Apparent power production CT", false},
	{envoy.Production, envoy.ReactivePower, "Reactive power production CT", false},
	{envoy.Production, envoy.Energy, "Lifetime energy production", true},
	{envoy.Production, envoy.EnergyReceived, "Production CT energy received", false},

	{envoy.TotalConsumption, envoy.Power, "Current power consumption", true},
	{envoy.TotalConsumption, envoy.Voltage, "Voltage total consumption CT", false},
	{envoy.TotalConsumption, envoy.Current, "Total consumption CT current", false},
	{envoy.TotalConsumption, envoy.Frequency, "Frequency total consumption CT", false},
	{envoy.TotalConsumption, envoy.PowerFactor, "Power factor total consumption CT", false},
	{envoy.TotalConsumption, envoy.ApparentPower, "Apparent power total consumption CT", false},
	{envoy.TotalConsumption, envoy.ReactivePower, "Reactive power total consumption CT", false},
	{envoy.TotalConsumption, envoy.Energy, "Lifetime energy consumption", true},
	{envoy.TotalConsumption, envoy.EnergyReceived, "Total consumption CT energy received", false},

	{envoy.Storage, envoy.Power, "Current battery discharge", true},
	{envoy.Storage, envoy.Voltage, "Voltage storage CT", false},
	{envoy.Storage, envoy.Current, "Storage CT current", false},
	{envoy.Storage, envoy.Frequency, "Frequency storage CT", false},
	{envoy.Storage, envoy.PowerFactor, "Power factor storage CT", false},
	{envoy.Storage, envoy.ApparentPower, "Apparent power storage CT", false},
	{envoy.Storage, envoy.ReactivePower, "Reactive power storage CT", false},
	{envoy.Storage, envoy.EnergyCharged, "Lifetime battery energy charged", true},
	{envoy.Storage, envoy.EnergyDischarged, "Lifetime battery energy discharged", true},

	{envoy.House, envoy.Power, "Current house power", true},
}, ofCT(envoy.Backfeed, "Backfeed", "backfeed"), ofCT(envoy.Load, "Load", "load"), ofCT(envoy.EVSE, "EVSE", "EVSE"),
	ofCT(envoy.PV3P, "PV3P", "PV3P"), ofCT(envoy.Generator, "Generator", "generator"))

// ofCT lists what is published of the CTs that few systems have. Delivered is
// import and received export, as seen from the switchboard.
func ofCT(m envoy.Measurement, first, inside string) []sensor {
	return []sensor{
		{m, envoy.Power, first + " CT power", true},
		{m, envoy.Voltage, "Voltage " + inside + " CT", false},
		{m, envoy.Current, first + " CT current", false},
		{m, envoy.Frequency, "Frequency " + inside + " CT", false},
		{m, envoy.PowerFactor, "Power factor " + inside + " CT", false},
		{m, envoy.ApparentPower, "Apparent power " + inside + " CT", false},
		{m, envoy.ReactivePower, "Reactive power " + inside + " CT", false},
		{m, envoy.EnergyImport, first + " CT energy delivered", true},
		{m, envoy.EnergyExport, first + " CT energy received", true},
	}
}

// meterKeys are the topic levels of the measurements.
var meterKeys = [...]string{
	envoy.NetConsumption:   "grid",
	envoy.Production:       "production",
	envoy.TotalConsumption: "consumption",
	envoy.Storage:          "storage",
	envoy.House:            "house",
	envoy.Backfeed:         "backfeed",
	envoy.Load:             "load",
	envoy.EVSE:             "evse",
	envoy.PV3P:             "pv3p",
	envoy.Generator:        "generator",
}

// inLive reports whether the live document has a meter: it is kept small for
// the microcontrollers that read it.
func inLive(m envoy.Measurement) bool { return m <= envoy.House }

// byMeter groups the rows of sensors by meter, in their order.
var byMeter = func() (groups [][]uint8) {
	for row, sn := range sensors {
		if row == 0 || sensors[row-1].meter != sn.meter {
			groups = append(groups, nil)
		}
		last := &groups[len(groups)-1]
		*last = append(*last, uint8(row))
	}
	return groups
}()

// A point is where one sensor is measured: on the whole meter (phase 0) or on
// L1, L2 or L3.
type point struct{ row, phase uint8 } // a row of sensors

func (p point) sensor() *sensor          { return &sensors[p.row] }
func (p point) meter() envoy.Measurement { return sensors[p.row].meter }
func (p point) quantity() *quantity      { return &quantities[sensors[p.row].quantity] }

// key is the point's part of a unique id, such as grid_l1_power.
func (p point) key() string { return strings.ReplaceAll(p.topic(), "/", "_") }

// topic is the point's topic below the gateway's, such as grid/l1/power.
func (p point) topic() string { return pointTopic(p.meter(), p.phase, p.sensor().quantity) }

func pointTopic(m envoy.Measurement, phase uint8, q envoy.Quantity) string {
	if phase == 0 {
		return meterKeys[m] + "/" + quantities[q].key
	}
	return meterKeys[m] + "/" + phaseKeys[phase] + "/" + quantities[q].key
}

var phaseKeys = [...]string{"", "l1", "l2", "l3"}

// A value is what one point measured.
type value struct {
	point
	number float64
}

// measured returns every value of s that is published, in the table's order.
func measured(s envoy.Sample) []value {
	vs := make([]value, 0, 96) // three meters with three phases have no more
	for _, rows := range byMeter {
		m, ok := s.Meter(sensors[rows[0]].meter)
		if !ok {
			continue
		}
		vs = appendMeasured(vs, rows, 0, &m.Total)
		for i := range m.Phases {
			vs = appendMeasured(vs, rows, uint8(i+1), &m.Phases[i])
		}
	}
	return vs
}

func appendMeasured(vs []value, rows []uint8, phase uint8, c *envoy.Channel) []value {
	for _, row := range rows {
		if v, ok := c.Get(sensors[row].quantity); ok {
			vs = append(vs, value{point{row, phase}, v})
		}
	}
	return vs
}

// appendNumber appends v as the shortest decimal of at most that many
// decimals: no exponent and no negative zero.
func appendNumber(b []byte, v float64, decimals int) []byte {
	return strconv.AppendFloat(b, rounded(v, decimals), 'f', -1, 64)
}

// rounded has at most that many decimals and no negative zero.
func rounded(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(v*scale)/scale + 0
}
