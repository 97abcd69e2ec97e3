package total

import (
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// maxApart is how far apart the samples of the parts may be to be of one moment.
const maxApart = 2 * time.Second

// A Part is a sample of one gateway.
type Part struct {
	Gateway string // its name, as in New
	Serial  string
	Sample  envoy.Sample
	// HasBatteries and HasNoBatteries report whether the gateway has batteries; neither
	// while that is not known. A gateway that may have some contributes to the batteries
	// only if its sample contains their power.
	HasBatteries, HasNoBatteries bool
	Correction                   envoy.Correction // of the sample
}

// A Sum adds the samples of several gateways. It is not safe for concurrent use.
type Sum struct {
	Counters Counters // its state outlives a restart

	gateways []string
	gridFrom string // name of the gateway that measures the grid; empty for none
	latest   map[string]Part
}

// New returns the sum over gateways, of which gridFrom measures the grid
// connection. If it is empty, the sum has no grid and no consumption.
func New(gateways []string, gridFrom string) *Sum {
	return &Sum{gateways: gateways, gridFrom: gridFrom, latest: map[string]Part{}}
}

// Add takes a sample of a part. If every part has one since the last sum, and all
// are at most maxApart apart, it returns their sum and uses the samples up. The
// sum has the time of the oldest of them, and takes as long as the slowest.
func (s *Sum) Add(p Part) (sum envoy.Sample, ok bool) {
	s.latest[p.Gateway] = p
	oldest, newest := p.Sample.Time, p.Sample.Time
	parts := make([]Part, 0, len(s.gateways))
	for _, name := range s.gateways {
		part, ok := s.latest[name]
		if !ok {
			return sum, false
		}
		parts = append(parts, part)
		if part.Sample.Time.Before(oldest) {
			oldest = part.Sample.Time
		}
		if part.Sample.Time.After(newest) {
			newest = part.Sample.Time
		}
	}
	if newest.Sub(oldest) > maxApart {
		return sum, false
	}
	clear(s.latest)
	sum = s.add(parts)
	sum.Time = oldest
	return sum, true
}

// Waiting returns the names of the parts without a sample since the last sum.
func (s *Sum) Waiting() (names []string) {
	for _, name := range s.gateways {
		if _, ok := s.latest[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

func (s *Sum) add(parts []Part) (sum envoy.Sample) {
	for _, p := range parts {
		sum.Took = max(sum.Took, p.Sample.Took)
	}
	if m, ok := s.production(parts); ok {
		sum.Meters = append(sum.Meters, m)
	}
	if m, ok := s.grid(parts); ok {
		sum.Meters = append(sum.Meters, m)
	}
	sum.AddConsumption()
	if m, ok := s.storage(parts); ok {
		sum.Meters = append(sum.Meters, m)
	}
	sum.AddHouse(false) // without batteries it would repeat the consumption
	return sum
}

// production returns the production of all parts. If that of one is the sum of its
// inverters' reports, which are minutes old, so is the sum: nothing else may be
// computed from it.
func (s *Sum) production(parts []Part) (sum envoy.Meter, ok bool) {
	sum = envoy.Meter{Measurement: envoy.Production, Register: envoy.EIMRegister}
	meters := map[string]envoy.Meter{}
	for _, p := range parts {
		m, ok := p.Sample.Meter(envoy.Production)
		if !ok {
			return sum, false
		}
		meters[p.Gateway] = m
		if m.Register.OfInverters() {
			sum.Register = envoy.InverterRegister
		}
	}
	s.fill(&sum, parts, meters, envoy.Energy)
	return sum, true
}

// grid returns the grid as the one gateway measures it. One that computes it from
// its own production does not know that of the others, which are at the same connection.
func (s *Sum) grid(parts []Part) (grid envoy.Meter, ok bool) {
	for _, p := range parts {
		if p.Gateway != s.gridFrom {
			continue
		}
		grid, ok = p.Sample.Meter(envoy.NetConsumption)
		if !ok || p.Sample.IsGridComputed {
			return grid, false
		}
		meters := map[string]envoy.Meter{p.Gateway: grid}
		grid.Behind = nil
		s.fillCounters(&grid, []Part{p}, meters, envoy.EnergyImport, envoy.EnergyExport)
		grid.Total.Drop(envoy.Energy)
		grid.Phases = slices.Clone(grid.Phases)
		for i := range grid.Phases { // the counters of phases do not continue
			for _, q := range envoy.CounterQuantities {
				grid.Phases[i].Drop(q)
			}
		}
		return grid, true
	}
	return grid, false
}

// storage returns the batteries of all parts. It has no value while one part has
// batteries and does not measure them: consumption is not what the house uses then. It
// is absent while that is not known, and if no part has any.
func (s *Sum) storage(parts []Part) (sum envoy.Meter, ok bool) {
	sum = envoy.Meter{Measurement: envoy.Storage, Register: envoy.EIMRegister}
	meters := map[string]envoy.Meter{}
	exists, isComplete := false, true
	for _, p := range parts {
		m, isMeasured := p.Sample.Meter(envoy.Storage)
		if isMeasured {
			meters[p.Gateway] = m
		}
		exists = exists || isMeasured || p.HasBatteries
		isComplete = isComplete && (isMeasured || p.HasNoBatteries)
	}
	if !exists || !isComplete {
		return sum, exists
	}
	s.fill(&sum, parts, meters, envoy.EnergyCharged, envoy.EnergyDischarged)
	return sum, true
}

// fill sets the power and the energies of sum to the sums of meters, by gateway. One
// without a power, as of inverters that are asleep, leaves the sum without.
func (s *Sum) fill(sum *envoy.Meter, parts []Part, meters map[string]envoy.Meter, energies ...envoy.Quantity) {
	power, isMeasured := 0.0, true
	for _, m := range meters {
		w, ok := m.Total.Get(envoy.Power)
		power += w
		isMeasured = isMeasured && ok
	}
	if isMeasured {
		sum.Total.Set(envoy.Power, power)
	}
	s.fillCounters(sum, parts, meters, energies...)
}

// fillCounters sets the energies of sum to those of s.Counters.
func (s *Sum) fillCounters(sum *envoy.Meter, parts []Part, meters map[string]envoy.Meter, energies ...envoy.Quantity) {
	for _, q := range energies {
		counted := map[string]part{}
		for _, p := range parts {
			m, isMeasured := meters[p.Gateway]
			if !isMeasured {
				continue
			}
			v, ok := m.Total.Get(q)
			if !ok {
				clear(counted)
				break
			}
			c := part{Serial: p.Serial, Value: v}
			if sum.Measurement == envoy.NetConsumption {
				c.Correction = &p.Correction
			}
			counted[p.Gateway] = c
		}
		sum.Total.Drop(q)
		if len(counted) > 0 {
			sum.Total.Set(q, s.Counters.add(meterNames[sum.Measurement]+"/"+q.String(), counted))
			for gateway := range counted {
				sum.AddBehind(q, meters[gateway].Behind[q])
			}
		}
	}
}
