package envoy

import "slices"

// takeCounters gives s the energies of the readings, and the meters that they
// alone have.
func (s *Sample) takeCounters(r reading) {
	for _, m := range r.meters {
		if into := s.meter(m.Measurement); into == nil {
			if m.Measurement != TotalConsumption && m.Measurement != NetConsumption {
				s.Meters = append(s.Meters, m)
			}
		} else {
			into.Counters = m.Counters
			into.Total.takeCounters(m.Total)
			for i := range into.Phases {
				var c Channel
				if len(m.Phases) == len(into.Phases) {
					c = m.Phases[i]
				}
				into.Phases[i].takeCounters(c)
			}
		}
	}
	for _, m := range r.frozen { // the counters of the other source differ
		if into := s.meter(m); into != nil {
			into.dropCounters()
		}
	}
}

// keepOnly leaves out what r does not have, and so no sample after this one:
// the gateway computes a current of total consumption, which we do not.
func (s *Sample) keepOnly(r reading) {
	s.Meters = slices.DeleteFunc(s.Meters, func(m Meter) bool { return m.Measurement != Production && r.meter(m.Measurement) == nil })
	for i := range s.Meters {
		m := &s.Meters[i]
		has := r.meter(m.Measurement)
		if has == nil {
			continue // the inverters'
		}
		m.Total.keepOnly(has.Total)
		if len(m.Phases) != len(has.Phases) {
			m.Phases = nil
		}
		m.Raw = has.Raw[:min(len(has.Raw), 1+len(m.Phases))] // of the endpoint that is read from now on
		for j := range m.Phases {
			m.Phases[j].keepOnly(has.Phases[j])
		}
	}
}

func (c *Channel) keepOnly(of Channel) {
	for q := range quantities {
		if _, ok := of.Get(q); !ok {
			c.Drop(q)
		}
	}
}

var counters = [...]Quantity{Energy, EnergyImport, EnergyExport, EnergyCharged, EnergyDischarged, EnergyReceived}

func (c *Channel) takeCounters(from Channel) {
	for _, q := range counters {
		if c.Drop(q); from.has&(1<<q) != 0 {
			c.Set(q, from.val[q])
		}
	}
}

// dropCounters leaves out the energies of the CTs, which may come from elsewhere.
func (s *Sample) dropCounters(productionToo bool) {
	for i := range s.Meters {
		m := &s.Meters[i]
		if m.Measurement == Production && !productionToo {
			continue
		}
		m.dropCounters()
	}
}

func (m *Meter) dropCounters() {
	m.Total.takeCounters(Channel{})
	for i := range m.Phases {
		m.Phases[i].takeCounters(Channel{})
	}
}
