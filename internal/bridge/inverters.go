package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// invertersEvery is how often the microinverters are asked for: they report
// every 5 to 15 minutes, and asked more often gateways lag.
const invertersEvery = 5 * time.Minute

// inverterFamily has the names of Home Assistant's enphase_envoy.
var inverterFamily = newFamily("inverter", "Inverter ", "Inverter", []trait[envoy.Inverter]{
	{"power", measuring("", "power", "W", 0).main(), number(0, func(i envoy.Inverter) envoy.Told[float64] { return i.Power })},
	{"max_power", measuring("Lifetime maximum power", "power", "W", 0).internal().off(), number(0, func(i envoy.Inverter) envoy.Told[float64] { return i.MaxPower })},
	{"dc_voltage", measuring("DC voltage", "voltage", "V", 1).off(), number(1, func(i envoy.Inverter) envoy.Told[float64] { return i.DCVoltage })},
	{"dc_current", measuring("DC current", "current", "A", 3).off(), number(3, func(i envoy.Inverter) envoy.Told[float64] { return i.DCCurrent })},
	{"ac_voltage", measuring("AC voltage", "voltage", "V", 1).off(), number(1, func(i envoy.Inverter) envoy.Told[float64] { return i.ACVoltage })},
	{"ac_current", measuring("AC current", "current", "A", 3).off(), number(3, func(i envoy.Inverter) envoy.Told[float64] { return i.ACCurrent })},
	{"frequency", measuring("Frequency", "frequency", "Hz", 2).off(), number(2, func(i envoy.Inverter) envoy.Told[float64] { return i.Frequency })},
	{"temperature", measuring("Temperature", "temperature", "°C", 0).internal().off(), number(0, func(i envoy.Inverter) envoy.Told[float64] { return i.Temperature })},
	{"energy", counting("Lifetime energy production", "kWh", 3).off(), number(3, func(i envoy.Inverter) envoy.Told[float64] { return i.Energy })},
	{"energy_today", counting("Energy production today", "kWh", 3).off(), number(3, func(i envoy.Inverter) envoy.Told[float64] { return i.EnergyToday })},
	{"energy_reported", component{Platform: "sensor", Name: "Energy production since previous report", DeviceClass: "energy", StateClass: "total", Unit: "kWh", Precision: new(3)}.internal().off(), number(3, func(i envoy.Inverter) envoy.Told[float64] { return i.EnergyDelta })},
	{"report_duration", measuring("Last report duration", "duration", "s", 0).internal().off(), number(0, inverterPeriod)},
	{"last_report", reported().off(), moment(func(i envoy.Inverter) time.Time { return i.Reported })},
})

func inverterPeriod(i envoy.Inverter) envoy.Told[float64] {
	if i.Period == 0 {
		return envoy.Told[float64]{}
	}
	return envoy.Tell(i.Period.Seconds())
}

// main makes c what its device is for.
func (c component) main() component { c.unnamed = true; return c }

// inverters is what the two paths last told of the microinverters.
type inverters struct {
	list, details envoy.InverterReport
	listed        bool // the list has been told
	refused       bool // that a login is needed for it has been said
}

// readInverters and readDetails ask one path each: between two questions
// there is room for a reading.
func (g *gateway) readInverters(ctx context.Context, s *envoy.Session) error {
	r, err := s.Inverters(ctx)
	g.inverters.listed = g.inverters.listed || err == nil
	if errors.Is(err, envoy.ErrUnauthorized) && !g.inverters.refused {
		g.inverters.refused = true
		g.log.Warn().Err(err).Msg("inverters are not told")
	}
	return g.keepInverters(&g.inverters.list, r, err)
}

func (g *gateway) readDetails(ctx context.Context, s *envoy.Session) error {
	r, err := s.InverterDetails(ctx)
	return g.keepInverters(&g.inverters.details, r, err)
}

func (g *gateway) keepInverters(last *envoy.InverterReport, r envoy.InverterReport, err error) error {
	if err != nil {
		*last = envoy.InverterReport{} // what it told last is no longer told
		return notHere(err)
	}
	for i := range r.Inverters {
		r.Inverters[i] = g.filters.inverters.Apply(r.Inverters[i], time.Now())
	}
	*last = r
	all := g.inverters.list.Join(g.inverters.details)
	g.filters.counters.SetInverters(len(all.Inverters))
	var there []report
	for _, i := range all.Inverters {
		i.Reported = g.session.Date(i.Reported)
		there = append(there, inverterFamily.report(i.Serial, i))
	}
	// One path's answer counts: the list's or, where there is no list, the details'.
	counts := r.Complete && (last == &g.inverters.list || !g.inverters.listed)
	g.show("inverter", there, counts && len(there) > 0, invertersEvery)
	return nil
}
