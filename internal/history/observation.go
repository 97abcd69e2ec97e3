package history

import (
	"math"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// An energy is one of those that are kept of a day.
type energy int

const (
	produced energy = iota
	used
	imported
	exported
	charged
	discharged
	numEnergies
)

// An observation is what the history keeps of a sample.
type observation struct {
	powers   [NumSeries]float64 // W; NaN if not measured
	counters [numEnergies]counter
}

// A counter is a reading of a lifetime counter.
type counter struct {
	value    float64 // kWh; NaN without a reading
	register envoy.Register
}

// observe returns what is kept of s. With batteries, total consumption is not what
// the house uses.
func observe(s envoy.Sample, hasBatteries bool) observation {
	var o observation
	for i := range o.powers {
		o.powers[i] = math.NaN()
	}
	for i := range o.counters {
		o.counters[i].value = math.NaN()
	}
	_, hasHouse := s.Meter(envoy.House)
	for i := range s.Meters {
		m := &s.Meters[i]
		switch m.Measurement {
		case envoy.Production:
			o.setPower(Solar, m)
			o.setCounter(produced, m, envoy.Energy)
		case envoy.NetConsumption:
			o.setPower(Grid, m)
			o.setCounter(imported, m, envoy.EnergyImport)
			o.setCounter(exported, m, envoy.EnergyExport)
		case envoy.Storage:
			o.setPower(Battery, m)
			o.setCounter(charged, m, envoy.EnergyCharged)
			o.setCounter(discharged, m, envoy.EnergyDischarged)
		case envoy.House:
			o.setPower(Use, m)
		case envoy.TotalConsumption: // includes battery charging
			if !hasBatteries {
				o.setCounter(used, m, envoy.Energy)
			}
			if !hasBatteries && !hasHouse {
				o.setPower(Use, m)
			}
		}
	}
	return o
}

func (o *observation) setPower(s Series, m *envoy.Meter) {
	if w, ok := m.Total.Get(envoy.Power); ok && math.Abs(w) < limit {
		o.powers[s] = w
	}
}

// heldRegister is the register of a counter that the filters hold: what it counts
// while it is behind is a counter of its own.
const heldRegister envoy.Register = 0

func (o *observation) setCounter(e energy, m *envoy.Meter, q envoy.Quantity) {
	if v, ok := m.Total.Get(q); ok && math.Abs(v) < limit {
		o.counters[e] = counter{v, m.Register}
		if behind, isHeld := m.Behind[q]; isHeld {
			o.counters[e] = counter{v - behind, heldRegister}
		}
	}
}

// peak returns the highest power in W, of any sign; 0 if none was measured.
func (o *observation) peak() float64 {
	highest := 0.0
	for s, w := range o.powers {
		if Series(s) != Level && math.Abs(w) > highest {
			highest = math.Abs(w)
		}
	}
	return highest
}

// meanPowers returns the means of the powers of which the energies are the
// integrals, in W, if the powers change linearly from a to b.
func meanPowers(a, b *[NumSeries]float64) [numEnergies]float64 {
	positive := func(s Series) float64 { return positiveMean(a[s], b[s]) }
	negative := func(s Series) float64 { return positiveMean(-a[s], -b[s]) }
	return [numEnergies]float64{
		produced: positive(Solar),
		used:     positive(Use),
		imported: positive(Grid), exported: negative(Grid),
		charged: negative(Battery), discharged: positive(Battery),
	}
}

// positiveMean returns the mean of the part above zero of a line from a to b; NaN
// if one of them is.
func positiveMean(a, b float64) float64 {
	highest, lowest := max(a, b), min(a, b)
	switch {
	case highest <= 0:
		return 0
	case lowest >= 0:
		return (a + b) / 2
	}
	return highest / 2 * highest / (highest - lowest)
}
