package schema

import (
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A sensorRow is one published quantity of a meter.
type sensorRow struct {
	meter     envoy.Measurement
	quantity  envoy.Quantity
	name      string // of the entity in Home Assistant
	isEnabled bool   // the entity of the total is enabled by default
}

// sensors is the table of the published values, in the order of the live
// document. It omits the lifetime energy of net consumption, which is import
// less export and falls. Names are those of Home Assistant's own enphase_envoy
// integration, if that has the value.
var sensors = slices.Concat([]sensorRow{
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

// ofCT returns the rows of a CT that few systems have. name and noun are the name
// of the CT at the beginning and inside of a sensor's name. Delivered is import
// and received is export, as seen from the switchboard.
func ofCT(m envoy.Measurement, name, noun string) []sensorRow {
	return []sensorRow{
		{m, envoy.Power, name + " CT power", true},
		{m, envoy.Voltage, "Voltage " + noun + " CT", false},
		{m, envoy.Current, name + " CT current", false},
		{m, envoy.Frequency, "Frequency " + noun + " CT", false},
		{m, envoy.PowerFactor, "Power factor " + noun + " CT", false},
		{m, envoy.ApparentPower, "Apparent power " + noun + " CT", false},
		{m, envoy.ReactivePower, "Reactive power " + noun + " CT", false},
		{m, envoy.EnergyImport, name + " CT energy delivered", true},
		{m, envoy.EnergyExport, name + " CT energy received", true},
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

// phaseKeys are the topic levels of the phases. The total has none.
var phaseKeys = [...]string{"", "l1", "l2", "l3"}

// isLiveMeter reports whether the live document contains the meter. It is kept
// small for the microcontrollers that read it.
func isLiveMeter(m envoy.Measurement) bool { return m <= envoy.House }
