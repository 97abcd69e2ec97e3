package history

import "math"

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
