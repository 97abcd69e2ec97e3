package filter

import (
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// Counters keeps the counters of samples from falling and from jumping. Home
// Assistant takes a fall for a new meter and adds the whole counter once more,
// and gateways of several firmware versions report a single zero or an older
// value now and then. A jump would be a wrong bar in its energy dashboard.
//
//   - A jump, a zero at the start and the fall of a new meter are accepted after
//     [Confirmations] readings in a row that agree.
//   - Any other fall holds the old value until the counter has caught up.
//   - Another register is another counter: it replaces the old one only where
//     that one was. The sums of the inverters and a meter differ by up to
//     megawatt-hours.
//   - Total consumption that is computed may fall, while a battery exports.
//   - A sum of inverters continues when their registers wrap, see [InverterCounters].
type Counters struct {
	Log zerolog.Logger // of falls, resets and wraps

	// Changed is set when the state that outlives a restart has changed. The
	// caller clears it when it has saved the state.
	Changed bool

	states    map[counterKey]counterState
	inverters int // their number; 0 if unknown
}

// The most power that a counter counts, kW.
const (
	maxHousePower    = 50  // the grid connection of a large house
	maxInverterPower = 0.5 // more than the average of a microinverter
)

// SetInverters sets the number of inverters behind the gateway, which limits how
// much their sum can rise. 0 does not change it.
func (c *Counters) SetInverters(n int) {
	if n > 0 && n != c.inverters {
		c.inverters, c.Changed = n, true
	}
}

// Apply returns s without the counters that must not be published yet. Computed
// counters are computed again from those that are published. now is the time of
// the sample.
func (c *Counters) Apply(s envoy.Sample, now time.Time) envoy.Sample {
	if c.states == nil {
		c.states = map[counterKey]counterState{}
	}
	s.Meters = slices.Clone(s.Meters)
	var found jumps
	for i := range s.Meters {
		s.Meters[i].Phases = slices.Clone(s.Meters[i].Phases)
		if s.Meters[i].Counters != envoy.ComputedCounters {
			c.applyMeter(&s.Meters[i], now, &found)
		}
	}
	s.ComputeCounters()
	for i := range s.Meters {
		if s.Meters[i].Counters == envoy.ComputedCounters {
			c.applyMeter(&s.Meters[i], now, &found)
		}
	}
	found.log(c.Log)
	return s
}

func (c *Counters) applyMeter(m *envoy.Meter, now time.Time, found *jumps) {
	c.applyChannel(m, 0, &m.Total, now, found)
	for i := range m.Phases {
		c.applyChannel(m, uint8(i+1), &m.Phases[i], now, found)
	}
}

func (c *Counters) applyChannel(m *envoy.Meter, phase uint8, ch *envoy.Channel, now time.Time, found *jumps) {
	r := reading{source: m.Counters, mayFall: MayFall(*m), maxPower: maxHousePower, at: now}
	if r.source.OfInverters() && c.inverters > 0 {
		r.maxPower = float64(c.inverters) * maxInverterPower
	}
	for _, q := range envoy.CounterQuantities {
		v, ok := ch.Get(q)
		if !ok {
			continue
		}
		key := counterKey{m.Measurement, phase, q}
		old := c.states[key]
		r.value = v
		next, ok := old.accept(r)
		if j, ok := old.jumpOf(r, next); ok {
			found.add(key.String(), j)
		}
		c.states[key] = next
		c.Changed = c.Changed || next.isWorthSaving(old)
		if ok {
			ch.Set(q, next.Value)
		} else {
			ch.Drop(q)
		}
	}
}

// MayFall reports whether the counters of a meter fall by nature: total
// consumption that is computed from production, import and export falls while a
// battery exports. /production.json does not report whether it is computed.
func MayFall(m envoy.Meter) bool {
	return m.Measurement == envoy.TotalConsumption && (m.Counters == envoy.EIMCounters || m.Counters == envoy.ComputedCounters)
}
