package envoytest

import "time"

// cell is the step in which power is integrated to energy: short for a kettle,
// long enough that a year passes in a second.
const cell = 30 * time.Second

// counters are lifetime energies per line in mW·ms (µJ): whole numbers, so that
// they never lose a bit and sums of lines are exact.
type counters struct{ pv, in, out, charged, discharged [3]int64 }

// used is when a counter's gateway was some years old, in Wh.
const (
	usedPV  = 5_212_345
	usedIn  = 3_904_321
	usedOut = 2_700_123

	usedBattery = 1_804_200
)

// A register runs a house's clock and counts its energies.
type register struct {
	house  house
	real   time.Time // of the last advance
	clock  time.Time // of the house, then; the last cell's fraction included
	cell   time.Time // up to where sum counts
	sum    counters
	dawn   counters // sum at the last midnight
	moment flow     // at clock
}

// advance brings the register to now. A house that is rewired keeps its sums:
// lines that are gone are counted on the first.
func (m *register) advance(now time.Time, h house, start time.Time, speed float64) {
	if m.real.IsZero() {
		m.begin(now, h, start)
	}
	if speed == 0 {
		speed = 1
	}
	m.clock = m.clock.Add(time.Duration(float64(max(0, now.Sub(m.real))) * speed))
	m.real = now
	if h != m.house {
		m.house = h
		m.sum.fold(h.lines)
		m.dawn.fold(h.lines)
	}
	for !m.cell.Add(cell).After(m.clock) {
		next := m.cell.Add(cell)
		m.sum.add(h.at(m.cell.Add(cell/2)), cell)
		if next.YearDay() != m.cell.YearDay() {
			m.dawn = m.sum
		}
		m.cell = next
	}
	m.moment = h.at(m.clock)
}

func (m *register) begin(now time.Time, h house, start time.Time) {
	if start.IsZero() {
		start = now
	}
	m.real, m.clock, m.cell, m.house = now, start, start, h
	for i := range h.lines {
		const mWms = 3_600_000_000 // in a Wh
		m.sum.pv[i] = int64(usedPV*h.shares()[i]) * mWms
		m.sum.in[i] = usedIn / int64(h.lines) * mWms
		m.sum.out[i] = usedOut / int64(h.lines) * mWms
		if i == 0 && h.packs > 0 {
			m.sum.charged[i], m.sum.discharged[i] = usedBattery*mWms, usedBattery*9/10*mWms
		}
	}
	m.dawn = m.sum
}

// now is the counters at clock: within a cell they grow evenly.
func (m *register) now() counters {
	c := m.sum
	c.add(m.house.at(m.cell.Add(cell/2)), m.clock.Sub(m.cell))
	return c
}

func (c *counters) add(f flow, d time.Duration) {
	ms := d.Milliseconds()
	for i := range f.pv {
		net := f.use[i] - f.pv[i]
		c.pv[i] += f.pv[i] * ms
		c.in[i] += max(0, net) * ms
		c.out[i] += max(0, -net) * ms
		c.charged[i] += max(0, -f.bat[i]) * ms
		c.discharged[i] += max(0, f.bat[i]) * ms
	}
}

func (c *counters) fold(lines int) {
	for _, sums := range []*[3]int64{&c.pv, &c.in, &c.out, &c.charged, &c.discharged} {
		for i := lines; i < len(sums); i++ {
			sums[0] += sums[i]
			sums[i] = 0
		}
	}
}
