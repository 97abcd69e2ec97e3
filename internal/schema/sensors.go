package schema

import "github.com/envoy-mqtt/envoy-mqtt/internal/envoy"

// meterRows is the table of the published values, in the order of the live document.
// It omits the lifetime energy of net consumption, which is import less export and
// falls. Names are those of Home Assistant's own enphase_envoy integration, if that
// has the value.
var meterRows = []meterRow{
	newMeterRow(envoy.NetConsumption, "grid", ofCT(
		"Net consumption", "net consumption", "Current net power consumption",
		sensorRow{envoy.EnergyImport, "Lifetime net energy consumption", true},
		sensorRow{envoy.EnergyExport, "Lifetime net energy production", true},
	)),
	newMeterRow(envoy.Production, "production", ofCT(
		"Production", "production", "Current power production",
		sensorRow{envoy.Energy, "Lifetime energy production", true},
		sensorRow{envoy.EnergyReceived, "Production CT energy received", false},
	)),
	newMeterRow(envoy.TotalConsumption, "consumption", ofCT(
		"Total consumption", "total consumption", "Current power consumption",
		sensorRow{envoy.Energy, "Lifetime energy consumption", true},
		sensorRow{envoy.EnergyReceived, "Total consumption CT energy received", false},
	)),
	newMeterRow(envoy.Storage, "storage", ofCT(
		"Storage", "storage", "Current battery discharge",
		sensorRow{envoy.EnergyCharged, "Lifetime battery energy charged", true},
		sensorRow{envoy.EnergyDischarged, "Lifetime battery energy discharged", true},
	)),
	newMeterRow(envoy.House, "house", []sensorRow{
		{envoy.Power, "Current house power", true},
	}),
	newMeterRow(envoy.Backfeed, "backfeed", ofRareCT("Backfeed", "backfeed")),
	newMeterRow(envoy.Load, "load", ofRareCT("Load", "load")),
	newMeterRow(envoy.EVSE, "evse", ofRareCT("EVSE", "EVSE")),
	newMeterRow(envoy.PV3P, "pv3p", ofRareCT("PV3P", "PV3P")),
	newMeterRow(envoy.Generator, "generator", ofRareCT("Generator", "generator")),
}

// ofCT returns the rows of a CT, with the name of its power. name and noun are the name
// of the CT at the beginning and inside of a sensor's name.
func ofCT(name, noun, power string, energies ...sensorRow) []sensorRow {
	return append([]sensorRow{
		{envoy.Power, power, true},
		{envoy.Voltage, "Voltage " + noun + " CT", false},
		{envoy.Current, name + " CT current", false},
		{envoy.Frequency, "Frequency " + noun + " CT", false},
		{envoy.PowerFactor, "Power factor " + noun + " CT", false},
		{envoy.ApparentPower, "Apparent power " + noun + " CT", false},
		{envoy.ReactivePower, "Reactive power " + noun + " CT", false},
	}, energies...)
}

// ofRareCT returns the rows of a CT that few systems have. Delivered is import and
// received is export, as seen from the switchboard.
func ofRareCT(name, noun string) []sensorRow {
	return ofCT(
		name, noun, name+" CT power",
		sensorRow{envoy.EnergyImport, name + " CT energy delivered", true},
		sensorRow{envoy.EnergyExport, name + " CT energy received", true},
	)
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
