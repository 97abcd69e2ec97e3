package schema

import "github.com/envoy-mqtt/envoy-mqtt/internal/envoy"

// A quantity is how the values of one envoy.Quantity are written, and how Home
// Assistant displays them.
type quantity struct {
	class           string // device class in Home Assistant
	unit            string
	isLive          bool // in the live document
	decimals        int  // in the retained topic
	liveDecimals    int  // in the live document
	displayDecimals int  // in Home Assistant
}

// quantities has a row for each quantity of package envoy. Counters are energies.
var quantities = [envoy.NumQuantities]quantity{
	envoy.Power:            {class: "power", unit: "W", isLive: true, decimals: 0, liveDecimals: 3},
	envoy.Voltage:          {class: "voltage", unit: "V", isLive: true, decimals: 1, liveDecimals: 1, displayDecimals: 1},
	envoy.Current:          {class: "current", unit: "A", isLive: true, decimals: 3, liveDecimals: 3, displayDecimals: 3},
	envoy.Frequency:        {class: "frequency", unit: "Hz", decimals: 2, displayDecimals: 1},
	envoy.PowerFactor:      {class: "power_factor", decimals: 3, displayDecimals: 2},
	envoy.ApparentPower:    {class: "apparent_power", unit: "VA", decimals: 1},
	envoy.ReactivePower:    {class: "reactive_power", unit: "var", decimals: 1},
	envoy.Energy:           liveCounter,
	envoy.EnergyImport:     liveCounter,
	envoy.EnergyExport:     liveCounter,
	envoy.EnergyCharged:    liveCounter,
	envoy.EnergyDischarged: liveCounter,
	envoy.EnergyReceived:   {class: "energy", unit: "kWh", decimals: 3, displayDecimals: 3},
}

// liveCounter is a lifetime energy in the live document.
var liveCounter = quantity{class: "energy", unit: "kWh", isLive: true, decimals: 3, liveDecimals: 3, displayDecimals: 3}
