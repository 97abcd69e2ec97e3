package envoy

import (
	"math"
	"time"
)

// A Sample is everything that a gateway measured at one moment.
type Sample struct {
	Time       time.Time     // when the answer had arrived, by our clock and the monotonic one
	Took       time.Duration // from the request for data to the whole answer; of several the sum
	MeasuredAt time.Time     // when the newest of its values was read from a CT or reported by an inverter, by the gateway's clock; zero when it reports no time
	Metered    bool          // Reading is a meter's, which advances every second
	Meters     []Meter       // those that are there, at most one of each measurement
	Frozen     []Measurement // left out, as a CT repeats its reading
	NoGrid     error         // why there is no net consumption; nil when there is

	// IsGridComputed reports that no CT is at the grid connection: one is around the
	// load, and net consumption is that less the production of this gateway.
	IsGridComputed bool
}

// Meter returns the meter of measurement m, if there is one.
func (s Sample) Meter(m Measurement) (Meter, bool) {
	for _, r := range s.Meters {
		if r.Measurement == m {
			return r, true
		}
	}
	return Meter{}, false
}

// meter returns the meter of measurement m for changing, or nil.
func (s *Sample) meter(m Measurement) *Meter { return findMeter(s.Meters, m) }

// A Meter has the values of one meter.
type Meter struct {
	Measurement Measurement
	Register    Register  // where its energies come from
	MeasuredAt  time.Time // the gateway's time of a CT's reading; zero for a meter that is computed
	Total       Channel   // of one phase everything, of several no voltage and no power factor, which have no sum
	Phases      []Channel // L1, L2, L3; empty where there is one phase or where the gateway reports none
	// Raw is the total, then the phases, exactly as the gateway reports them:
	// currents without a sign, voltages that are a sum. It is nil for a meter that
	// this package computes or corrects.
	Raw []Channel
}

// keepRaw records the meter as it was reported.
func (m *Meter) keepRaw() { m.Raw = append([]Channel{m.Total}, m.Phases...) }

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

// findMeter returns the meter of measurement m for changing, or nil.
func findMeter(meters []Meter, m Measurement) *Meter {
	for i := range meters {
		if meters[i].Measurement == m {
			return &meters[i]
		}
	}
	return nil
}

// A Channel has the values of one phase, or of all of them together. A value that
// was not measured is absent: a zero is a measurement.
type Channel struct {
	has [quantities]bool
	val [quantities]float64
}

// Get returns the value of q, if there is one.
func (c Channel) Get(q Quantity) (float64, bool) { return c.val[q], c.has[q] }

// Set gives q a value. Negative zero becomes zero, and a value that is not a
// finite number removes q.
func (c *Channel) Set(q Quantity, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		c.Drop(q)
		return
	}
	c.has[q], c.val[q] = true, v+0 // -0 + 0 = 0
}

// Drop removes q.
func (c *Channel) Drop(q Quantity) { c.has[q], c.val[q] = false, 0 }

// signCurrent gives the current the sign of the power.
func (c *Channel) signCurrent() {
	if a, ok := c.Get(Current); ok {
		c.Set(Current, math.Copysign(a, c.val[Power]))
	}
}
