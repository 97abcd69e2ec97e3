package bridge

import (
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// invertersInterval is how often the microinverters are requested: they report
// every 5 to 15 minutes, and more requests slow gateways down.
const invertersInterval = 5 * time.Minute

// inverterType has the names of Home Assistant's integration enphase_envoy.
var inverterType = deviceType[envoy.Inverter]{"inverter", "Inverter ", "Inverter", []field[envoy.Inverter]{
	{"power", primary(measurement("", "power", "W", 0)), numberField(0, func(i envoy.Inverter) envoy.Told[float64] { return i.Power })},
	{"max_power", disabled(diagnostic(measurement("Lifetime maximum power", "power", "W", 0))), numberField(0, func(i envoy.Inverter) envoy.Told[float64] { return i.MaxPower })},
	{"dc_voltage", disabled(measurement("DC voltage", "voltage", "V", 1)), numberField(1, func(i envoy.Inverter) envoy.Told[float64] { return i.DCVoltage })},
	{"dc_current", disabled(measurement("DC current", "current", "A", 3)), numberField(3, func(i envoy.Inverter) envoy.Told[float64] { return i.DCCurrent })},
	{"ac_voltage", disabled(measurement("AC voltage", "voltage", "V", 1)), numberField(1, func(i envoy.Inverter) envoy.Told[float64] { return i.ACVoltage })},
	{"ac_current", disabled(measurement("AC current", "current", "A", 3)), numberField(3, func(i envoy.Inverter) envoy.Told[float64] { return i.ACCurrent })},
	{"frequency", disabled(measurement("Frequency", "frequency", "Hz", 2)), numberField(2, func(i envoy.Inverter) envoy.Told[float64] { return i.Frequency })},
	{"temperature", disabled(diagnostic(measurement("Temperature", "temperature", "°C", 0))), numberField(0, func(i envoy.Inverter) envoy.Told[float64] { return i.Temperature })},
	{"energy", disabled(totalIncreasing("Lifetime energy production", "kWh", 3)), numberField(3, func(i envoy.Inverter) envoy.Told[float64] { return i.Energy })},
	{"energy_today", disabled(totalIncreasing("Energy production today", "kWh", 3)), numberField(3, func(i envoy.Inverter) envoy.Told[float64] { return i.EnergyToday })},
	{"energy_reported", disabled(diagnostic(hass.Component{Platform: "sensor", Name: "Energy production since previous report", DeviceClass: "energy", StateClass: "total", Unit: "kWh", Precision: new(3)})), numberField(3, func(i envoy.Inverter) envoy.Told[float64] { return i.EnergyDelta })},
	{"report_duration", disabled(diagnostic(measurement("Last report duration", "duration", "s", 0))), numberField(0, reportDuration)},
	{"last_report", disabled(lastReported()), timeField(func(i envoy.Inverter) time.Time { return i.Reported })},
}}

func reportDuration(i envoy.Inverter) envoy.Told[float64] {
	if i.Period == 0 {
		return envoy.Told[float64]{}
	}
	return envoy.Tell(i.Period.Seconds())
}

// inverters are the latest answers about the microinverters, of two paths.
type inverters struct {
	*target
	counters      *counters
	list, details envoy.InverterReport
	isListed      bool // there has been an answer with the list
	isRefused     bool // a missing login has been logged
}

// tasks returns one task per path: a sample fits between the two requests.
func (i *inverters) tasks() []*task {
	return []*task{
		newTask("inverters", "/api/v1/production/inverters", invertersInterval, (*envoy.Session).Inverters, i.onList),
		newTask("inverter details", "/ivp/pdm/device_data", invertersInterval, (*envoy.Session).InverterDetails, i.onDetails),
	}
}

// onList handles an answer with the list of the microinverters.
func (i *inverters) onList(s *envoy.Session, r envoy.InverterReport, err error) error {
	i.isListed = i.isListed || err == nil
	if errors.Is(err, envoy.ErrUnauthorized) && !i.isRefused {
		i.isRefused = true
		i.log.Warn().Err(err).Msg("inverters are not told")
	}
	return i.publish(s, &i.list, r, err)
}

func (i *inverters) onDetails(s *envoy.Session, r envoy.InverterReport, err error) error {
	return i.publish(s, &i.details, r, err)
}

// publish handles an answer of one path, whose latest answer is in last.
func (i *inverters) publish(s *envoy.Session, last *envoy.InverterReport, r envoy.InverterReport, err error) error {
	if err != nil {
		*last = envoy.InverterReport{} // its values are too old
		return ignoreUnsupported(err)
	}
	for n := range r.Inverters {
		r.Inverters[n] = i.counters.perInverter.Apply(r.Inverters[n], time.Now())
	}
	*last = r
	all := i.list.Join(i.details).Inverters
	i.counters.meters.SetInverters(len(all))
	var present []hass.SubDevice
	for _, inverter := range all {
		inverter.Reported = s.Date(inverter.Reported)
		present = append(present, inverterType.subDevice(i.target, inverter.Serial, inverter, i.ttl(invertersInterval)))
	}
	// The answers of one path count: those with the list or, if there is no list,
	// those with the details.
	counts := r.Complete && (last == &i.list || !i.isListed)
	i.publishSubDevices(inverterType.kind, present, counts && len(present) > 0)
	return nil
}

// areAsleep reports whether there are inverters, and none of them has reported a
// power for hours.
func (i *inverters) areAsleep() bool {
	for _, inverter := range i.list.Inverters {
		if _, ok := inverter.Power.Get(); ok {
			return false
		}
	}
	return len(i.list.Inverters) > 0
}
