package history

import (
	"cmp"
	"slices"
)

// chunkSlots is how many slots a chunk has.
const chunkSlots = 360

// A chunk is a part of a tier, which is one file.
type chunk struct {
	number int64                // of its first slot, divided by chunkSlots
	series [NumSeries][]float32 // mean of each slot; NaN without a measurement, nil without any
	dirty  bool                 // must be written
}

// A tier is series in steps of one length. Slots are counted from 1970 on.
type tier struct {
	step     int64  // s
	name     string // of its files
	capacity int    // chunks
	chunks   []*chunk
	removed  []int64 // numbers of the chunks of which the files must be removed
	means    [NumSeries]slotMean
}

// newTiers returns the two tiers of a gateway. Each can hold two chunks more than
// its period takes: one that has just begun, and one that a wrong clock displaces.
// A day has 25 hours at most.
func newTiers() (fine, coarse tier) {
	return tier{step: 10, name: "10s", capacity: 25 + 2}, tier{step: 60, name: "1min", capacity: 31*4 + 2}
}

// span returns the length of a chunk in s.
func (t *tier) span() int64 { return t.step * chunkSlots }

// add adds a measurement of the time unix, in s.
func (t *tier) add(s Series, unix int64, v float64) {
	slot := unix / t.step
	c := t.chunk(slot/chunkSlots, unix)
	if c == nil {
		return
	}
	if c.series[s] == nil {
		c.series[s] = nanSlice(chunkSlots)
	}
	c.series[s][slot%chunkSlots] = t.means[s].add(slot, v)
	c.dirty = true
}

// chunk returns the chunk with a number, which it creates if necessary. It returns
// nil if the tier is full of later ones. now is the time in s.
func (t *tier) chunk(number, now int64) *chunk {
	at, found := slices.BinarySearchFunc(t.chunks, number, func(c *chunk, n int64) int { return cmp.Compare(c.number, n) })
	if found {
		return t.chunks[at]
	}
	c := &chunk{number: number}
	chunks, old, ok := insert(t.chunks, at, c, t.capacity, func(last *chunk) bool { return last.number*t.span() > now+future })
	if !ok {
		return nil
	}
	if old != nil {
		t.removed = append(t.removed, old.number)
	}
	t.removed = slices.DeleteFunc(t.removed, func(n int64) bool { return n == number })
	t.chunks = chunks
	return c
}

// each calls f with the slots of a series that begin from the time from to the time
// to (exclusive), in s, in order: those of each chunk, and when the first begins.
func (t *tier) each(s Series, from, to int64, f func(unix int64, values []float32)) {
	for _, c := range t.chunks {
		start := c.number * t.span()
		if start >= to || start+t.span() <= from || c.series[s] == nil {
			continue
		}
		first := max(0, (from-start+t.step-1)/t.step)
		end := min(chunkSlots, (to-start+t.step-1)/t.step)
		f(start+first*t.step, c.series[s][first:max(first, end)])
	}
}
