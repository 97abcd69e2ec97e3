package schema

import "github.com/envoy-mqtt/envoy-mqtt/internal/envoy"

// A meter is a measurement, as it is published, and its sensors.
type meter struct {
	measurement envoy.Measurement
	key         string                    // topic level
	sensors     [len(phaseKeys)][]*Sensor // of the whole meter, then of each phase
}

// phaseKeys are the topic levels of the phases. The whole meter has none.
var phaseKeys = [...]string{"", "l1", "l2", "l3"}

// A row is one published quantity of a meter.
type row struct {
	quantity  envoy.Quantity
	name      string // of the entity in Home Assistant
	isEnabled bool   // the entity of the whole meter is enabled by default
}

// meters is the table of the published values, in the order of the live document.
// It omits the lifetime energy of net consumption, which is import less export and
// falls. Names are those of Home Assistant's own enphase_envoy integration, if that
// has the value.
var meters = []meter{
	newMeter(envoy.NetConsumption, "grid", []row{
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
	newMeter(envoy.Production, "production", []row{
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
	newMeter(envoy.TotalConsumption, "consumption", []row{
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
	newMeter(envoy.Storage, "storage", []row{
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
	newMeter(envoy.House, "house", []row{
		{envoy.Power, "Current house power", true},
	}),
	newMeter(envoy.Backfeed, "backfeed", ofCT("Backfeed", "backfeed")),
	newMeter(envoy.Load, "load", ofCT("Load", "load")),
	newMeter(envoy.EVSE, "evse", ofCT("EVSE", "EVSE")),
	newMeter(envoy.PV3P, "pv3p", ofCT("PV3P", "PV3P")),
	newMeter(envoy.Generator, "generator", ofCT("Generator", "generator")),
}

// ofCT returns the rows of a CT that few systems have. name and noun are the name
// of the CT at the beginning and inside of a sensor's name. Delivered is import
// and received is export, as seen from the switchboard.
func ofCT(name, noun string) []row {
	return []row{
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

// isLiveMeter reports whether the live document contains the meter. It is kept
// small for the microcontrollers that read it.
func isLiveMeter(m envoy.Measurement) bool { return m <= envoy.House }
