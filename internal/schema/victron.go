package schema

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// victron is the format of dbus-mqtt-grid on Venus OS. The program reads the
// number of phases from its first message, and uses 0 for a counter that is
// missing in a message.
type victron struct {
	phases   int       // in the latest document
	sent     time.Time // time of its sample; zero before the first
	counters map[gridCounter]float64
}

// A gridCounter is a counter of the grid connection. Phase 0 is the total.
type gridCounter struct {
	phase    int
	quantity envoy.Quantity
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

func newVictron() formatFunc {
	v := &victron{counters: map[gridCounter]float64{}}
	return v.document
}

// phaseChangePause is longer than the minute without messages after which
// dbus-mqtt-grid restarts. It then accepts another number of phases.
const phaseChangePause = 70 * time.Second

func (v *victron) document(s envoy.Sample) any {
	m, ok := s.Meter(envoy.NetConsumption)
	if !ok {
		return nil
	}
	phases := phasesOf(s, m)
	if len(phases) != v.phases && !v.sent.IsZero() && s.Time.Sub(v.sent) < phaseChangePause {
		return nil
	}
	grid, ok := v.channel(m.Total, 0)
	if !ok {
		return nil
	}
	for i, c := range phases {
		l, ok := v.channel(c, i+1)
		if !ok {
			return nil
		}
		grid["L"+string('1'+rune(i))] = l
	}
	v.phases, v.sent = len(phases), s.Time
	return object{"grid": grid}
}

// channel returns the object of a channel, with the latest value of each counter
// that is missing. It reports whether the channel has a power.
func (v *victron) channel(c envoy.Channel, phase int) (object, bool) {
	for _, q := range []envoy.Quantity{envoy.EnergyImport, envoy.EnergyExport} {
		key := gridCounter{phase, q}
		if kWh, ok := c.Get(q); ok {
			v.counters[key] = kWh
		} else if kWh, ok := v.counters[key]; ok {
			c.Set(q, kWh)
		}
	}
	_, ok := c.Get(envoy.Power)
	return object{}.add(c, victronMappings), ok
}
