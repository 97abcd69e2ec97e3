package devices

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// Inverter has the names of Home Assistant's integration enphase_envoy.
var Inverter = newType("inverter", "Inverter ", "Inverter", []field[device.Inverter]{
	{"power", primary(measurement("", "power", "W", 0)), numberField(0, func(i device.Inverter) wire.Optional[float64] { return i.Power })},
	{"max_power", disabled(diagnostic(measurement("Lifetime maximum power", "power", "W", 0))), numberField(0, func(i device.Inverter) wire.Optional[float64] { return i.MaxPower })},
	{"dc_voltage", disabled(measurement("DC voltage", "voltage", "V", 1)), numberField(1, func(i device.Inverter) wire.Optional[float64] { return i.DCVoltage })},
	{"dc_current", disabled(measurement("DC current", "current", "A", 3)), numberField(3, func(i device.Inverter) wire.Optional[float64] { return i.DCCurrent })},
	{"ac_voltage", disabled(measurement("AC voltage", "voltage", "V", 1)), numberField(1, func(i device.Inverter) wire.Optional[float64] { return i.ACVoltage })},
	{"ac_current", disabled(measurement("AC current", "current", "A", 3)), numberField(3, func(i device.Inverter) wire.Optional[float64] { return i.ACCurrent })},
	{"frequency", disabled(measurement("Frequency", "frequency", "Hz", 2)), numberField(2, func(i device.Inverter) wire.Optional[float64] { return i.Frequency })},
	{"temperature", disabled(diagnostic(measurement("Temperature", "temperature", "°C", 0))), numberField(0, func(i device.Inverter) wire.Optional[float64] { return i.Temperature })},
	{"energy", disabled(totalIncreasing("Lifetime energy production", "kWh", 3)), numberField(3, func(i device.Inverter) wire.Optional[float64] { return i.Energy })},
	{"energy_today", disabled(totalIncreasing("Energy production today", "kWh", 3)), numberField(3, func(i device.Inverter) wire.Optional[float64] { return i.EnergyToday })},
	{"energy_reported", disabled(diagnostic(hass.Component{Platform: "sensor", Name: "Energy production since previous report", DeviceClass: "energy", StateClass: "total", Unit: "kWh", Precision: new(3)})), numberField(3, func(i device.Inverter) wire.Optional[float64] { return i.EnergyDelta })},
	{"report_duration", disabled(diagnostic(measurement("Last report duration", "duration", "s", 0))), numberField(0, reportDuration)},
	{"last_report", disabled(lastReported()), timeField(func(i device.Inverter) time.Time { return i.Reported })},
}...)

func reportDuration(i device.Inverter) wire.Optional[float64] {
	if i.Period == 0 {
		return wire.Optional[float64]{}
	}
	return wire.Some(i.Period.Seconds())
}
