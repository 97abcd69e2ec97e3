package envoy

import (
	"fmt"
	"math"
	"slices"
)

// A Correction corrects a consumption CT that was mounted the wrong way, or
// that measures only a part. The factor of a phase is applied first, then its
// offset. A single factor is that of all phases; a single offset is that of all
// together, of which each has an equal part.
type Correction struct {
	Multiplier []float64 `json:"multiplier,omitempty"` // -1 turns a CT round
	Offset     []float64 `json:"offset,omitempty"`     // W
}

// apply corrects the consumption meter that a CT measures, and computes the other
// one, computed, from that and production. What cannot be computed, such as its
// current, is dropped. Meters that s shares with others are not changed.
func (c Correction) apply(s *Sample, computed Measurement) error {
	measured, sign := NetConsumption, 1.0
	if computed == NetConsumption {
		measured, sign = TotalConsumption, -1
	}
	if !c.Changes() {
		return nil
	}
	s.Meters = slices.DeleteFunc(slices.Clone(s.Meters), func(m Meter) bool { return m.Measurement == House }) // of the live data
	m := s.meter(measured)
	if m == nil { // and computed is of the CT that was not corrected
		s.Meters = slices.DeleteFunc(s.Meters, func(m Meter) bool { return m.Measurement == computed })
		return nil
	}
	if err := c.fits(max(1, len(m.Phases))); err != nil {
		return err
	}
	m.correct(c)
	if err := m.checkCorrected(); err != nil {
		return err
	}
	if other, pv := s.meter(computed), s.meter(Production); other != nil && pv != nil && !pv.Register.OfInverters() {
		*other = combine(computed, *m, *pv, sign)
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

// correct corrects m. Its total has the factor of its phases, as it is not exactly
// their sum; where they have different ones, it is the sum.
func (m *Meter) correct(c Correction) {
	m.Raw, m.Phases = nil, slices.Clone(m.Phases)
	for i := range m.Phases {
		m.Phases[i].correct(m.Register, c.factor(i), c.offset(i, len(m.Phases)))
	}
	if c.hasOneFactor() {
		offset := 0.0
		for _, w := range c.Offset {
			offset += w
		}
		m.Total.correct(m.Register, c.factor(0), offset)
		return
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

// hasOneFactor reports whether the factors of all phases are the same.
func (c Correction) hasOneFactor() bool {
	return !slices.ContainsFunc(c.Multiplier, func(f float64) bool { return f != c.Multiplier[0] })
}

func (c Correction) factor(phase int) float64 { return valueAt(c.Multiplier, phase, 1) }

// offset returns the offset of one of several phases.
func (c Correction) offset(phase, phases int) float64 {
	w := valueAt(c.Offset, phase, 0)
	if len(c.Offset) == 1 {
		w /= float64(phases)
	}
	return w
}

func valueAt(list []float64, i int, none float64) float64 {
	switch len(list) {
	case 0:
		return none
	case 1:
		return list[0]
	}
	return list[i]
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

// correct applies a factor and an offset to what a CT's direction and ratio touch. The
// readings' apparent power has no sign.
func (c *Channel) correct(r Register, factor, offset float64) {
	c.Set(Power, c.val[Power]*factor+offset)
	for _, q := range []Quantity{Current, ApparentPower, ReactivePower} {
		if v, ok := c.Get(q); ok && q == ApparentPower && r == ReadingRegister {
			c.Set(q, v*math.Abs(factor))
		} else if ok {
			c.Set(q, v*factor)
		}
	}
	if v, ok := c.Get(PowerFactor); ok && factor < 0 {
		c.Set(PowerFactor, -v)
	}
	c.correctEnergies(EnergyImport, EnergyExport, factor)
	if v, ok := c.Get(Energy); ok && !c.has[EnergyReceived] { // the difference of both directions
		c.Set(Energy, v*factor)
		return
	}
	c.correctEnergies(Energy, EnergyReceived, factor)
}

// correctEnergies corrects the energies of two directions, which a CT that is turned
// round exchanges.
func (c *Channel) correctEnergies(forward, backward Quantity, factor float64) {
	before := *c
	for _, q := range [][2]Quantity{{forward, backward}, {backward, forward}} {
		from := q[0]
		if factor < 0 {
			from = q[1]
		}
		c.Drop(q[0])
		if v, ok := before.Get(from); ok {
			c.Set(q[0], v*math.Abs(factor))
		}
	}
}
