package envoy

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// compareSources compares a sample of /production.json with a reading of the
// meters: types, signs and plausibility; energies of the two are never compared.
// hasPVCT reports whether the sample's production is measured by a CT. It returns
// "" if the two agree, or why they do not.
func compareSources(sample Sample, r *reading, hasPVCT bool) string {
	for _, m := range []Measurement{Production, NetConsumption, TotalConsumption} {
		p, ok := sample.Meter(m)
		if m == Production && !hasPVCT {
			ok = false // of the inverters
		}
		q := r.meter(m)
		switch {
		case slices.Contains(sample.Frozen, m), slices.Contains(r.frozen, m):
		case m == TotalConsumption && (q == nil || !ok): // computed by one and not by the other
		case ok != (q != nil):
			return fmt.Sprintf("production.json and the meters' readings do not agree whether there is %s", m)
		case !ok:
		case len(p.Phases) > 1 && len(q.Phases) > 1 && len(p.Phases) != len(q.Phases):
			return fmt.Sprintf("production.json has %d phases of %s, the meters' readings %d", len(p.Phases), m, len(q.Phases))
		case oppositeSign(p.Total.val[Power], q.Total.val[Power]):
			return fmt.Sprintf("the meters' readings have the other sign for %s than production.json", m)
		case implausiblyDifferent(p.Total.val[Power], q.Total.val[Power]):
			return fmt.Sprintf("the meters' readings of %s are far from those of production.json", m)
		}
	}
	return ""
}

// oppositeSign reports whether b looks like a with the other sign.
func oppositeSign(a, b float64) bool {
	const significant = 200 // W: below it noise decides the sign
	return a*b < 0 && min(math.Abs(a), math.Abs(b)) > significant && math.Abs(a+b) < 0.25*max(math.Abs(a), math.Abs(b))
}

// implausiblyDifferent reports whether a and b, read seconds apart, differ by more
// than a kettle, a cloud and a car.
func implausiblyDifferent(a, b float64) bool {
	const kettle = 3000 // W
	return math.Abs(a-b) > kettle+0.5*max(math.Abs(a), math.Abs(b))
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

// retainCommon also takes from of what the two endpoints report in different ways: the
// readings have no sign of apparent power, and a power factor while exporting.
func (c *Channel) retainCommon(of Channel) {
	for q := range quantities {
		if v, ok := of.Get(q); !ok {
			c.Drop(q)
		} else if q == ApparentPower || q == PowerFactor {
			c.Set(q, v)
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
		if m := &s.Meters[i]; m.Measurement != Production || pv {
			m.dropCounters()
		}
	}
}

func (m *Meter) dropCounters() {
	m.Total.replaceCounters(Channel{})
	for i := range m.Phases {
		m.Phases[i].replaceCounters(Channel{})
	}
}
