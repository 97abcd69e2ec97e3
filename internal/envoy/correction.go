package envoy

import (
	"fmt"
	"slices"
)

// A Correction corrects a consumption CT that was mounted the wrong way, or
// that measures only a part. The factor of a phase is applied first, then its
// offset. A single value applies to all phases.
type Correction struct {
	Multiplier []float64 `json:"multiplier,omitempty"` // -1 turns a CT round
	Offset     []float64 `json:"offset,omitempty"`     // W
}

// apply corrects net consumption: the meter is then the sum of its corrected
// phases, and total consumption is production plus that. Values that cannot
// be derived so, such as the energy of a total that was wrong, are dropped.
func (c Correction) apply(s *Sample) error {
	net := s.meter(NetConsumption)
	if net == nil || !c.Changes() {
		return nil
	}
	if err := c.fits(max(1, len(net.Phases))); err != nil {
		return err
	}
	net.Raw = nil
	if len(net.Phases) == 0 {
		net.Total.correct(c.factor(0), c.offset(0))
	} else {
		net.correctPhases(c)
	}
	if err := net.checkCorrected(); err != nil {
		return err
	}
	if total, pv := s.meter(TotalConsumption), s.meter(Production); total != nil && pv != nil && !pv.Register.OfInverters() {
		*total = combine(TotalConsumption, *net, *pv, 1)
	}
	return nil
}

// checkCorrected returns an error when a corrected power is not finite, or more
// than a CT can measure.
func (m *Meter) checkCorrected() error {
	for _, c := range append([]Channel{m.Total}, m.Phases...) {
		if w, ok := c.Get(Power); !ok || !measurable(w) {
			return fmt.Errorf("%w: the power of %v becomes one that no CT can measure", ErrCorrection, m.Measurement)
		}
	}
	return nil
}

// Equal reports whether c and d have the same values.
func (c Correction) Equal(d Correction) bool {
	return slices.Equal(c.Multiplier, d.Multiplier) && slices.Equal(c.Offset, d.Offset)
}

// Changes reports whether c is more than the factor 1 and the offset 0.
func (c Correction) Changes() bool {
	return slices.ContainsFunc(c.Multiplier, func(f float64) bool { return f != 1 }) ||
		slices.ContainsFunc(c.Offset, func(w float64) bool { return w != 0 })
}

func (c Correction) fits(phases int) error {
	for _, list := range [][]float64{c.Multiplier, c.Offset} {
		if len(list) > 1 && len(list) != phases {
			return fmt.Errorf("%w: %d values for %d phases: give one for each phase, or one for all", ErrCorrection, len(list), phases)
		}
	}
	return nil
}

func (c Correction) factor(phase int) float64 { return valueAt(c.Multiplier, phase, 1) }
func (c Correction) offset(phase int) float64 { return valueAt(c.Offset, phase, 0) }

func valueAt(list []float64, i int, none float64) float64 {
	switch len(list) {
	case 0:
		return none
	case 1:
		return list[0]
	}
	return list[i]
}

func (m *Meter) correctPhases(c Correction) {
	for i := range m.Phases {
		m.Phases[i].correct(c.factor(i), c.offset(i))
	}
	for _, q := range summedQuantities {
		if _, ok := m.Total.Get(q); !ok {
			continue
		}
		m.Total.Drop(q)
		if sum, ok := m.sumPhases(q); ok {
			m.Total.Set(q, sum)
		}
	}
}

// sumPhases returns the sum of q over the phases, if all have it.
func (m *Meter) sumPhases(q Quantity) (sum float64, ok bool) {
	for _, p := range m.Phases {
		v, ok := p.Get(q)
		if !ok {
			return 0, false
		}
		sum += v
	}
	return sum, true
}

// correct applies a factor and an offset to what a CT's direction and ratio touch.
func (c *Channel) correct(factor, offset float64) {
	c.Set(Power, c.val[Power]*factor+offset)
	for _, q := range []Quantity{Current, ApparentPower, ReactivePower, Energy} {
		if v, ok := c.Get(q); ok {
			c.Set(q, v*factor)
		}
	}
	if v, ok := c.Get(PowerFactor); ok && factor < 0 {
		c.Set(PowerFactor, -v)
	}
	in, hasIn := c.Get(EnergyImport)
	out, hasOut := c.Get(EnergyExport)
	if !hasIn || !hasOut {
		return
	}
	if factor < 0 {
		in, out, factor = out, in, -factor
	}
	c.Set(EnergyImport, in*factor)
	c.Set(EnergyExport, out*factor)
}
