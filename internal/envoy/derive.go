package envoy

import (
	"math"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// derive returns meters with the one that the gateway computes from two CTs and
// that its readings leave out: total consumption where the CT is at the grid
// connection, net consumption where it is around the load.
func derive(meters []Meter) []Meter {
	pv, net, total := findMeter(meters, Production), findMeter(meters, NetConsumption), findMeter(meters, TotalConsumption)
	switch {
	case pv == nil:
	case net != nil && total == nil:
		computed := combine(TotalConsumption, *net, *pv, 1)
		computed.computeBehind(*net, *pv)
		meters = append(meters, computed)
	case net == nil && total != nil:
		meters = append(meters, combine(NetConsumption, *total, *pv, -1))
	}
	return meters
}

// AddConsumption adds total consumption if it is missing and follows from production
// and net consumption. The sum of the inverters' reports is too old to be added.
func (s *Sample) AddConsumption() {
	if pv := s.meter(Production); pv != nil && !pv.Register.OfInverters() && s.meter(NetConsumption) != nil {
		s.Meters = derive(s.Meters)
	}
}

// combine returns the meter m that a and sign times b together make. Only powers
// and, of total consumption, energies add up: no CT measures the rest.
func combine(m Measurement, a, b Meter, sign float64) Meter {
	c := Meter{Measurement: m, Register: ComputedRegister, Total: combineChannel(m, a.Total, b.Total, sign)}
	if len(a.Phases) != len(b.Phases) {
		return c
	}
	for i := range a.Phases {
		c.Phases = append(c.Phases, combineChannel(m, a.Phases[i], b.Phases[i], sign))
	}
	return c
}

func combineChannel(m Measurement, a, b Channel, sign float64) Channel {
	var c Channel
	c.Set(Power, a.val[Power]+sign*b.val[Power])
	if m == TotalConsumption {
		c.computeEnergy(a, b)
	}
	return c
}

// AddHouse adds what the house consumes, where that can be computed: total consumption
// contains what charges the batteries, so it is production, net consumption and
// storage together, or total consumption where there are no batteries, which the
// caller reports with hasNoBatteries. The sum of the inverters' reports is too old to
// be added.
func (s *Sample) AddHouse(hasNoBatteries bool) {
	pv, net, storage, total := s.meter(Production), s.meter(NetConsumption), s.meter(Storage), s.meter(TotalConsumption)
	switch {
	case s.meter(House) != nil:
	case storage != nil && storage.Total.has[Power] && pv != nil && !pv.Register.OfInverters() && net != nil:
		s.Meters = append(s.Meters, sumOf(House, *pv, *net, *storage))
	case storage == nil && hasNoBatteries && total != nil:
		s.Meters = append(s.Meters, sumOf(House, *total))
	}
}

// sumOf returns the meter m whose powers are the sums of those of parts.
func sumOf(m Measurement, parts ...Meter) Meter {
	sum := Meter{Measurement: m, Phases: make([]Channel, len(parts[0].Phases))}
	for _, p := range parts {
		sum.Total.Set(Power, sum.Total.val[Power]+p.Total.val[Power])
		if len(p.Phases) != len(sum.Phases) {
			sum.Phases = nil
		}
		for i := range sum.Phases {
			sum.Phases[i].Set(Power, sum.Phases[i].val[Power]+p.Phases[i].val[Power])
		}
	}
	return sum
}

// StorageOf returns the batteries as a meter, where there is no CT at them.
func StorageOf(batteries device.Batteries) (Meter, bool) {
	w, ok := batteries.Power.Get()
	if !ok {
		return Meter{}, false
	}
	m := Meter{Measurement: Storage}
	m.Total.Set(Power, w)
	return m, true
}

// ComputeCounters computes the energy of total consumption again, from the
// counters that s has now.
func (s *Sample) ComputeCounters() {
	total, net, pv := s.meter(TotalConsumption), s.meter(NetConsumption), s.meter(Production)
	if total == nil || total.Register != ComputedRegister {
		return
	}
	if net == nil || pv == nil {
		net, pv = new(Meter), new(Meter)
	}
	total.Total.computeEnergy(net.Total, pv.Total)
	total.computeBehind(*net, *pv)
	for i := range total.Phases {
		var n, p Channel
		if i < len(net.Phases) && i < len(pv.Phases) {
			n, p = net.Phases[i], pv.Phases[i]
		}
		total.Phases[i].computeEnergy(n, p)
	}
}

// computeBehind sets how far the counter of total consumption is behind, because
// those of which it is made are.
func (m *Meter) computeBehind(net, pv Meter) {
	m.AddBehind(Energy, pv.Behind[Energy]+net.Behind[EnergyImport]-net.Behind[EnergyExport])
}

// computeEnergy sets the energy to production + import - export, as the
// gateway's own total has it, or drops it where one of the three is missing, or is of
// a newer meter than the others, so that it would be below zero.
func (c *Channel) computeEnergy(net, pv Channel) {
	in, hasIn := net.Get(EnergyImport)
	out, hasOut := net.Get(EnergyExport)
	made, hasMade := pv.Get(Energy)
	if c.Drop(Energy); hasIn && hasOut && hasMade && made+in >= out {
		c.Set(Energy, made+in-out)
	}
}

// repairTotal corrects a fault of firmware 8.3.5433, which reports net consumption
// as the total. At night, when nothing is produced, the two powers are equal
// without the fault, but the energies are not.
func (r *reading) repairTotal() {
	total, net, pv := r.meter(TotalConsumption), r.meter(NetConsumption), r.meter(Production)
	if total == nil || net == nil || pv == nil || !equalTotals(total.Total, net.Total) {
		return
	}
	total.Raw = nil
	total.Total.repair(pv.Total)
	if len(total.Phases) != len(pv.Phases) {
		total.Phases = nil
	}
	for i := range total.Phases {
		total.Phases[i].repair(pv.Phases[i])
	}
}

func equalTotals(a, b Channel) bool {
	return a.has[Energy] && b.has[Energy] && a.val[Energy] == b.val[Energy] && a.val[Power] == b.val[Power]
}

// repair turns net consumption into total consumption by adding production. The
// currents of two loads do not add up, so they and what follows from them are
// removed; the voltage is that of the computed net consumption.
func (c *Channel) repair(production Channel) {
	c.keep(Power, Energy)
	for _, q := range []Quantity{Power, Energy} {
		v, ok := c.Get(q)
		p, also := production.Get(q)
		if c.Drop(q); ok && also {
			c.Set(q, v+p)
		}
	}
}

// signCurrent gives every current the sign of its power: /ivp/meters/readings,
// and /production.json of firmware 4 and 5, report the magnitude only. The
// current of several phases is their sum.
func (m *Meter) signCurrent() {
	_, ok := m.Total.Get(Current)
	sum := 0.0
	for i := range m.Phases {
		m.Phases[i].signCurrent()
		a, has := m.Phases[i].Get(Current)
		sum += a
		ok = ok && has
	}
	switch {
	case !ok:
		m.Total.Drop(Current)
	case len(m.Phases) > 0:
		m.Total.Set(Current, sum)
	}
	m.Total.signCurrent()
}

// signCurrent gives the current the sign of the power.
func (c *Channel) signCurrent() {
	if a, ok := c.Get(Current); ok {
		c.Set(Current, math.Copysign(a, c.val[Power]))
	}
}
