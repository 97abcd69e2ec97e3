package devices

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// Battery is the type of IQ Batteries, which Enphase has also called Encharge.
var Battery = newType("battery", "Encharge ", "Encharge", []field[device.Battery]{
	{"soc", measurement("Battery", "battery", "%", 0), numberField(0, func(b device.Battery) wire.Optional[float64] { return b.SoC })},
	{"power", measurement("Power", "power", "W", 0), numberField(0, func(b device.Battery) wire.Optional[float64] { return b.Power })},
	{"apparent_power", disabled(measurement("Apparent power", "apparent_power", "VA", 0)), numberField(1, func(b device.Battery) wire.Optional[float64] { return b.ApparentPower })},
	{"temperature", measurement("Temperature", "temperature", "°C", 0), numberField(0, func(b device.Battery) wire.Optional[float64] { return b.Temperature })},
	{"max_temperature", disabled(diagnostic(measurement("Hottest cell", "temperature", "°C", 0))), numberField(0, func(b device.Battery) wire.Optional[float64] { return b.MaxTemperature })},
	{"capacity", disabled(energyStorage("Capacity")), numberField(3, func(b device.Battery) wire.Optional[float64] { return b.Capacity })},
	{"state", disabled(text("Battery state", "charging", "discharging", "idle")), stringField(func(b device.Battery) string { return b.State })},
	{"communicating", diagnostic(binary("Communicating", "connectivity")), boolField(func(b device.Battery) wire.Optional[bool] { return b.Communicating })},
	{"dc_switch", withIcon("mdi:electric-switch", diagnostic(binary("DC switch", ""))), boolField(isDCSwitchOn)},
	{"last_report", lastReported(), timeField(func(b device.Battery) time.Time { return b.Reported })},
}...)

func isDCSwitchOn(b device.Battery) wire.Optional[bool] {
	off, ok := b.SwitchOff.Get()
	if !ok {
		return wire.Optional[bool]{}
	}
	return wire.Some(!off)
}

// ACBattery is all AC Batteries together. Their serial number is the gateway's.
var ACBattery = newType("acb", "ACB ", "ACB", []field[device.ACBatteries]{
	{"soc", measurement("Battery", "battery", "%", 0), numberField(0, func(a device.ACBatteries) wire.Optional[float64] { return a.SoC })},
	{"power", measurement("Power", "power", "W", 0), numberField(0, func(a device.ACBatteries) wire.Optional[float64] { return a.Power })},
	{"energy", energyStorage("Available ACB battery energy"), numberField(3, func(a device.ACBatteries) wire.Optional[float64] { return a.Energy })},
	{"state", text("Battery state", acbStates...), stringField(func(a device.ACBatteries) string { return oneOf(a.State, acbStates) })},
	{"last_report", lastReported(), timeField(func(a device.ACBatteries) time.Time { return a.Reported })},
}...)

var acbStates = []string{"discharging", "idle", "charging", "full"}

// BatteryTotals are the values of all batteries together.
var BatteryTotals = newGroup("totals", []field[device.BatteryTotals]{
	{"storage/soc", measurement("Battery", "battery", "%", 0), numberField(0, func(t device.BatteryTotals) wire.Optional[float64] { return t.SoC })},
	{"storage/reserve_soc", measurement("Reserve battery level", "battery", "%", 0), numberField(0, func(t device.BatteryTotals) wire.Optional[float64] { return t.Reserve })},
	{"storage/available_energy", energyStorage("Available battery energy"), numberField(3, func(t device.BatteryTotals) wire.Optional[float64] { return t.Energy })},
	{"storage/reserve_energy", energyStorage("Reserve battery energy"), numberField(3, func(t device.BatteryTotals) wire.Optional[float64] { return t.Reserved })},
	{"storage/capacity", energyStorage("Battery capacity"), numberField(3, func(t device.BatteryTotals) wire.Optional[float64] { return t.Capacity })},
	{"storage/iq_soc", measurement("IQ Battery level", "battery", "%", 0), numberField(0, func(t device.BatteryTotals) wire.Optional[float64] { return t.IQSoC })},
	{"storage/iq_available_energy", energyStorage("Available IQ Battery energy"), numberField(3, func(t device.BatteryTotals) wire.Optional[float64] { return t.IQEnergy })},
	{"storage/iq_capacity", energyStorage("IQ Battery capacity"), numberField(3, func(t device.BatteryTotals) wire.Optional[float64] { return t.IQCap })},
	{"storage/acb_soc", measurement("AC Battery level", "battery", "%", 0), numberField(0, func(t device.BatteryTotals) wire.Optional[float64] { return t.ACBSoC })},
	{"storage/acb_available_energy", energyStorage("Available AC Battery energy"), numberField(3, func(t device.BatteryTotals) wire.Optional[float64] { return t.ACBEnergy })},
}...)
