package schema

import "github.com/envoy-mqtt/envoy-mqtt/internal/envoy"

// meterRows is the table of the published values, in the order of the live document.
// It omits the lifetime energy of net consumption, which is import less export and
// falls. Names are those of Home Assistant's own enphase_envoy integration, if that
// has the value.
var meterRows = []meterRow{
	newMeterRow(envoy.NetConsumption, "grid", []sensorRow{
		{envoy.Power, "Current net power consumption", true},
		{envoy.Voltage, "Voltage net consumption CT", false},
		{envoy.Current, "Net consumption CT current", false},
		{envoy.Frequency, "Frequency net consumption CT", false},
		{envoy.PowerFactor, "Power factor net consumption CT", false},
		{envoy.ApparentPower, "Apparent power net consumption CT", false},
		{envoy.ReactivePower, "Reactive power net consumption CT", false},
		{envoy.EnergyImport, "Lifetime net energy consumption", true},
		{envoy.EnergyExport, "Lifetime net energy production", true},
	}),
	newMeterRow(envoy.Production, "production", []sensorRow{
		{envoy.Power, "Current power production", true},
		{envoy.Voltage, "Voltage production CT", false},
		{envoy.Current, "Production CT current", false},
		{envoy.Frequency, "Frequency production CT", false},
		{envoy.PowerFactor, "Power factor production CT", false},
		{envoy.ApparentPower, "Apparent power production CT", false},
		{envoy.ReactivePower, "Reactive power production CT", false},
		{envoy.Energy, "Lifetime energy production", true},
		{envoy.EnergyReceived, "Production CT energy received", false},
	}),
	newMeterRow(envoy.TotalConsumption, "consumption", []sensorRow{
		{envoy.Power, "Current power consumption", true},
		{envoy.Voltage, "Voltage total consumption CT", false},
		{envoy.Current, "Total consumption CT current", false},
		{envoy.Frequency, "Frequency total consumption CT", false},
		{envoy.PowerFactor, "Power factor total consumption CT", false},
		{envoy.ApparentPower, "Apparent power total consumption CT", false},
		{envoy.ReactivePower, "Reactive power total consumption CT", false},
		{envoy.Energy, "Lifetime energy consumption", true},
		{envoy.EnergyReceived, "Total consumption CT energy received", false},
	}),
	newMeterRow(envoy.Storage, "storage", []sensorRow{
		{envoy.Power, "Current battery discharge", true},
		{envoy.Voltage, "Voltage storage CT", false},
		{envoy.Current, "Storage CT current", false},
		{envoy.Frequency, "Frequency storage CT", false},
		{envoy.PowerFactor, "Power factor storage CT", false},
		{envoy.ApparentPower, "Apparent power storage CT", false},
		{envoy.ReactivePower, "Reactive power storage CT", false},
		{envoy.EnergyCharged, "Lifetime battery energy charged", true},
		{envoy.EnergyDischarged, "Lifetime battery energy discharged", true},
	}),
	newMeterRow(envoy.House, "house", []sensorRow{
		{envoy.Power, "Current house power", true},
	}),
	newMeterRow(envoy.Backfeed, "backfeed", ofCT("Backfeed", "backfeed")),
	newMeterRow(envoy.Load, "load", ofCT("Load", "load")),
	newMeterRow(envoy.EVSE, "evse", ofCT("EVSE", "EVSE")),
	newMeterRow(envoy.PV3P, "pv3p", ofCT("PV3P", "PV3P")),
	newMeterRow(envoy.Generator, "generator", ofCT("Generator", "generator")),
}

// ofCT returns the rows of a CT that few systems have. name and noun are the name
// of the CT at the beginning and inside of a sensor's name. Delivered is import
// and received is export, as seen from the switchboard.
func ofCT(name, noun string) []sensorRow {
	return []sensorRow{
		{envoy.Power, name + " CT power", true},
		{envoy.Voltage, "Voltage " + noun + " CT", false},
		{envoy.Current, name + " CT current", false},
		{envoy.Frequency, "Frequency " + noun + " CT", false},
		{envoy.PowerFactor, "Power factor " + noun + " CT", false},
		{envoy.ApparentPower, "Apparent power " + noun + " CT", false},
		{envoy.ReactivePower, "Reactive power " + noun + " CT", false},
		{envoy.EnergyImport, name + " CT energy delivered", true},
		{envoy.EnergyExport, name + " CT energy received", true},
	}
}

// Sensors returns all sensors, in the order of the live document: by meter, and of
// a meter those of the whole before those of each phase.
func Sensors() (all []*Sensor) {
	for _, m := range meterRows {
		for _, ofPhase := range m.sensors {
			all = append(all, ofPhase...)
		}
	}
	return all
}
