package filter

import (
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// Counters keeps the counters of one gateway, of its meters and of its inverters,
// from falling and from jumping. Home Assistant takes a fall for a new meter and adds
// the whole counter once more, and gateways of several firmware versions report a
// single zero or an older value now and then. A jump would be a wrong bar in its
// energy dashboard.
//
//   - A jump, a zero at the start and the fall of a new meter are accepted after
//     [Confirmations] reports in a row that agree.
//   - Any other fall holds the old value until the counter has caught up.
//   - Another register is another counter: it replaces the old one only where
//     that one was. The sums of the inverters and a meter differ by up to
//     megawatt-hours.
//   - Total consumption that is computed may fall, while a battery exports.
//   - An inverter's register wraps at 2^32 J with firmware 7.3 to 8.2.127; its counter
//     continues, and so does a sum of inverters.
type Counters struct {
	Log        zerolog.Logger   // of falls, resets and wraps
	Correction envoy.Correction // of the counters of net and total consumption

	isChanged    bool // the state that outlives a restart, since it was saved
	meters       map[counterKey]counterState
	inverters    map[string]counterState // by serial number
	numInverters int                     // 0 if unknown
	storage      Integrator              // of batteries without a CT
}

// The most power that a counter counts, kW.
const (
	maxHousePower    = 50  // the grid connection of a large house
	maxInverterPower = 0.5 // more than the average of a microinverter
)

// SetInverters sets the number of inverters behind the gateway, which limits how
// much their sum can rise. 0 does not change it.
func (c *Counters) SetInverters(n int) {
	if n > 0 && n != c.numInverters {
		c.numInverters, c.isChanged = n, true
	}
}

// AddStorage adds the power of batteries to their estimated energies, see
// [Integrator.Add].
func (c *Counters) AddStorage(power float64, at time.Time, maxGap time.Duration) {
	c.storage.Add(power, at, maxGap)
	c.isChanged = true
}

// Storage returns the estimated energies of batteries.
func (c *Counters) Storage() Integrator { return c.storage }

// HasStorageCT reports whether a CT has measured the energies of batteries, also
// before a restart. Estimated energies must not follow them.
func (c *Counters) HasStorageCT() bool {
	_, charged := c.meters[counterKey{envoy.Storage, 0, envoy.EnergyCharged}]
	_, discharged := c.meters[counterKey{envoy.Storage, 0, envoy.EnergyDischarged}]
	return charged || discharged
}

// Published returns the value of a counter that was published last, in kWh, also before
// a restart. Phase 0 is the whole meter.
func (c *Counters) Published(m envoy.Measurement, phase int, q envoy.Quantity) (kWh float64, ok bool) {
	s := c.meters[counterKey{m, uint8(phase), q}]
	return s.Value, s.Value > 0
}

// Apply returns s without the counters that must not be published yet. Computed
// counters are computed again from those that are published.
func (c *Counters) Apply(s envoy.Sample, now time.Time) envoy.Sample {
	if c.meters == nil {
		c.meters = map[counterKey]counterState{}
	}
	s.Meters = slices.Clone(s.Meters)
	var found jumps
	for i := range s.Meters {
		s.Meters[i].Phases = slices.Clone(s.Meters[i].Phases)
		if s.Meters[i].Register != envoy.ComputedRegister {
			c.applyMeter(&s.Meters[i], now, &found)
		}
	}
	s.ComputeCounters()
	for i := range s.Meters {
		if s.Meters[i].Register == envoy.ComputedRegister {
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
	r := report{source: m.Register, mayFall: MayFall(*m), maxPower: maxHousePower, at: now}
	if r.source.OfInverters() && c.numInverters > 0 {
		r.maxPower = float64(c.numInverters) * maxInverterPower
	}
	for _, q := range envoy.CounterQuantities {
		v, ok := ch.Get(q)
		if !ok {
			continue
		}
		key := counterKey{m.Measurement, phase, q}
		old := c.meters[key]
		r.value = v
		next, ok := old.accept(r)
		if j, ok := old.jumpOf(r, next); ok {
			found.add(key.String(), j)
		}
		c.meters[key] = next
		c.isChanged = c.isChanged || next.isWorthSaving(old)
		if ok {
			ch.Set(q, next.Value)
			if phase == 0 && next.isBehind() {
				m.AddBehind(q, next.Behind)
			}
		} else {
			ch.Drop(q)
		}
	}
}

// ApplyInverter returns i, without its lifetime energy if that must not be published
// yet.
func (c *Counters) ApplyInverter(i device.Inverter, now time.Time) device.Inverter {
	v, ok := i.Energy.Get()
	if !ok {
		return i
	}
	if c.inverters == nil {
		c.inverters = map[string]counterState{}
	}
	old := c.inverters[i.Serial]
	r := report{value: v, source: envoy.InverterRegister, maxPower: maxInverterPower, at: now}
	next, ok := old.accept(r)
	if j, ok := old.jumpOf(r, next); ok {
		j.counter = "inverter " + i.Serial
		j.log(c.Log)
	}
	c.inverters[i.Serial] = next
	c.isChanged = c.isChanged || next.isWorthSaving(old)
	i.Energy = wire.Optional[float64]{}
	if ok {
		i.Energy = wire.Some(next.Value)
	}
	return i
}

// MayFall reports whether the counters of a meter fall by nature: total
// consumption that is computed from production, import and export falls while a
// battery exports. /production.json does not report whether it is computed.
func MayFall(m envoy.Meter) bool {
	return m.Measurement == envoy.TotalConsumption && (m.Register == envoy.EIMRegister || m.Register == envoy.ComputedRegister)
}
