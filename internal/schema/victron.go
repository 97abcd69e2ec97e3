package schema

import (
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// victron is the format of dbus-mqtt-grid on Venus OS. The program reads the
// number of phases from its first message, and uses 0 for a counter that is
// missing in a message.
type victron struct {
	phases int       // in the latest document
	sent   time.Time // time of its sample; zero before the first
	held   Held
}

var victronMappings = []mapping{
	{envoy.Power, "power", 1},
	{envoy.Voltage, "voltage", 1},
	{envoy.Current, "current", 1},
	{envoy.Frequency, "frequency", 1},
	{envoy.PowerFactor, "power_factor", 1},
	{envoy.EnergyImport, "energy_forward", 1},
	{envoy.EnergyExport, "energy_reverse", 1},
}

func newVictron(held Held) formatFunc { return (&victron{held: held}).document }

// phaseChangeDelay is longer than the minute without messages after which
// dbus-mqtt-grid restarts. It then accepts another number of phases.
const phaseChangeDelay = 70 * time.Second

func (v *victron) document(s envoy.Sample) any {
	m, ok := s.Meter(envoy.NetConsumption)
	if !ok {
		return nil
	}
	m.Total, m.Phases = v.withCounters(m.Total, 0), slices.Clone(m.Phases)
	for i, c := range m.Phases {
		m.Phases[i] = v.withCounters(c, i+1)
	}
	phases := phasesOf(s, m)
	if len(phases) != v.phases && !v.sent.IsZero() && s.Time.Sub(v.sent) < phaseChangeDelay {
		return nil
	}
	lacksPower := func(c envoy.Channel) bool { _, ok := c.Get(envoy.Power); return !ok }
	if lacksPower(m.Total) || slices.ContainsFunc(phases, lacksPower) {
		return nil
	}
	grid := object{}.add(m.Total, victronMappings)
	for i, c := range phases {
		grid["L"+string('1'+rune(i))] = object{}.add(c, victronMappings)
	}
	v.phases, v.sent = len(phases), s.Time
	return object{"grid": grid}
}

// withCounters returns c with the latest value of each counter that is missing.
func (v *victron) withCounters(c envoy.Channel, phase int) envoy.Channel {
	for _, q := range []envoy.Quantity{envoy.EnergyImport, envoy.EnergyExport} {
		if _, ok := c.Get(q); ok {
			continue
		}
		if kWh, ok := v.held(envoy.NetConsumption, phase, q); ok {
			c.Set(q, kWh)
		}
	}
	return c
}
