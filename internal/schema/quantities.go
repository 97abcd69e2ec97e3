package schema

import "github.com/envoy-mqtt/envoy-mqtt/internal/envoy"

// A quantity is how the values of one envoy.Quantity are written, and how Home
// Assistant displays them.
type quantity struct {
	key             string // last level of the topic, key in the live document
	class           string // device class in Home Assistant
	unit            string
	isCounter       bool // only rises, and does not expire
	isLive          bool // in the live document
	decimals        int  // in the retained topic
	liveDecimals    int  // in the live document
	displayDecimals int  // in Home Assistant
}

// quantities has a row for each quantity of package envoy.
var quantities = [...]quantity{
	envoy.Power:            {key: "power", class: "power", unit: "W", isLive: true, decimals: 0, liveDecimals: 3},
	envoy.Voltage:          {key: "voltage", class: "voltage", unit: "V", isLive: true, decimals: 1, liveDecimals: 1, displayDecimals: 1},
	envoy.Current:          {key: "current", class: "current", unit: "A", isLive: true, decimals: 3, liveDecimals: 3, displayDecimals: 3},
	envoy.Frequency:        {key: "frequency", class: "frequency", unit: "Hz", decimals: 2, displayDecimals: 1},
	envoy.PowerFactor:      {key: "power_factor", class: "power_factor", decimals: 3, displayDecimals: 2},
	envoy.ApparentPower:    {key: "apparent_power", class: "apparent_power", unit: "VA", decimals: 1},
	envoy.ReactivePower:    {key: "reactive_power", class: "reactive_power", unit: "var", decimals: 1},
	envoy.Energy:           liveCounter("energy"),
	envoy.EnergyImport:     liveCounter("energy_import"),
	envoy.EnergyExport:     liveCounter("energy_export"),
	envoy.EnergyCharged:    liveCounter("energy_charged"),
	envoy.EnergyDischarged: liveCounter("energy_discharged"),
	envoy.EnergyReceived:   {key: "energy_received", class: "energy", unit: "kWh", isCounter: true, decimals: 3, displayDecimals: 3},
}

// liveCounter returns the quantity of a lifetime energy in the live document.
func liveCounter(key string) quantity {
	return quantity{key: key, class: "energy", unit: "kWh", isCounter: true, isLive: true, decimals: 3, liveDecimals: 3, displayDecimals: 3}
}
