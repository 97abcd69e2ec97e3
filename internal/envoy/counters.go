package envoy

import (
	"slices"
	"time"
)

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
	for i := range total.Phases {
		var n, p Channel
		if i < len(net.Phases) && i < len(pv.Phases) {
			n, p = net.Phases[i], pv.Phases[i]
		}
		total.Phases[i].computeEnergy(n, p)
	}
}

// computeEnergy sets the energy to production + import - export, as the
// gateway's own total has it, or drops it where one of the three is missing.
func (c *Channel) computeEnergy(net, pv Channel) {
	in, hasIn := net.Get(EnergyImport)
	out, hasOut := net.Get(EnergyExport)
	made, hasMade := pv.Get(Energy)
	if c.Drop(Energy); hasIn && hasOut && hasMade {
		c.Set(Energy, made+in-out)
	}
}

// replaceCounters gives s the energies of r, a reading of the meters, and those of
// its meters that s lacks if they are of the same moment. Energies of frozen CTs are
// dropped.
func (s *Sample) replaceCounters(r *reading) {
	isNow := s.isOf(r)
	for _, m := range r.meters {
		if s.lacks(m) {
			if isNow {
				s.Meters = append(s.Meters, m)
			}
		} else if into := s.meter(m.Measurement); into != nil {
			into.Register = m.Register
			into.Total.replaceCounters(m.Total)
			for i := range into.Phases {
				var c Channel
				if len(m.Phases) == len(into.Phases) {
					c = m.Phases[i]
				}
				into.Phases[i].replaceCounters(c)
			}
		}
	}
	for _, m := range r.frozen { // the counters of the other source differ
		if into := s.meter(m); into != nil {
			into.dropCounters()
		}
	}
}

// lacks reports whether s has no such meter as m, and can have one: a consumption
// meter that /production.json lacks is computed.
func (s *Sample) lacks(m Meter) bool {
	return s.meter(m.Measurement) == nil && m.Measurement != TotalConsumption && m.Measurement != NetConsumption
}

// isOf reports whether the powers of r and of s were measured at the same moment. A
// gateway measures at the end of a request, however long that takes.
func (s *Sample) isOf(r *reading) bool { return s.Time.Sub(r.readAt).Abs() <= 2*time.Second }

// retainCommon leaves out what the meters of the readings do not have, as samples of
// the readings will not have it either: the gateway computes a current of total
// consumption, which we do not.
func (s *Sample) retainCommon(of []Meter) {
	s.Meters = slices.DeleteFunc(s.Meters, func(m Meter) bool { return m.Measurement != Production && findMeter(of, m.Measurement) == nil })
	for i := range s.Meters {
		m := &s.Meters[i]
		has := findMeter(of, m.Measurement)
		if has == nil {
			continue // the inverters'
		}
		m.Total.retainCommon(has.Total)
		if len(m.Phases) != len(has.Phases) {
			m.Phases = nil
		}
		m.Raw = has.Raw[:min(len(has.Raw), 1+len(m.Phases))] // of the endpoint that is read from now on
		for j := range m.Phases {
			m.Phases[j].retainCommon(has.Phases[j])
		}
	}
}

func (c *Channel) retainCommon(of Channel) {
	for q := range quantities {
		if _, ok := of.Get(q); !ok {
			c.Drop(q)
		}
	}
}

// replaceCounters gives c the energies of from, and no others.
func (c *Channel) replaceCounters(from Channel) {
	for _, q := range CounterQuantities {
		if c.Drop(q); from.has[q] {
			c.Set(q, from.val[q])
		}
	}
}

// dropCounters removes the energies of the CTs, and with pv those of production.
func (s *Sample) dropCounters(pv bool) {
	for i := range s.Meters {
		m := &s.Meters[i]
		if m.Measurement == Production && !pv {
			continue
		}
		m.dropCounters()
	}
}

func (m *Meter) dropCounters() {
	m.Total.replaceCounters(Channel{})
	for i := range m.Phases {
		m.Phases[i].replaceCounters(Channel{})
	}
}
