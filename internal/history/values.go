package history

import (
	"math"
	"time"
)

// limit is the bound of powers in W and of energies in kWh. Values beyond it are
// ignored, and in a file they are damage.
const limit = 1e9

// firstTime is the earliest time that is recorded: before it the clock is not set.
var firstTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// future is how far after the present time data must be, in s, to be displaced
// first: the clock was wrong when it was recorded.
const future = 25 * 60 * 60

func isNaN(v float32) bool { return math.IsNaN(float64(v)) }

// nanSlice returns n values that were not measured.
func nanSlice(n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(math.NaN())
	}
	return s
}

// sum returns a + b, of which those that are NaN count nothing.
func sum(a, b float64) float64 {
	switch {
	case math.IsNaN(a):
		return b
	case math.IsNaN(b):
		return a
	}
	return a + b
}

// displaced returns which of n elements in order of time makes room for one before the
// element at: the last if it is of the future, else the first. The new one is then
// before the element next. It is not ok if the new one would be the oldest.
func displaced(n, at int, isFuture bool) (i, next int, ok bool) {
	if isFuture {
		return n - 1, min(at, n-1), true
	}
	return 0, at - 1, at > 0
}
