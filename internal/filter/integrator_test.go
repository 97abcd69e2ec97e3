package filter

import (
	"math"
	"testing"
	"time"
)

func TestIntegrator(t *testing.T) {
	for _, tt := range []struct {
		name                string
		powers              []float64 // 30 s apart, NaN is none
		charged, discharged float64   // Wh
	}{
		{"steady", []float64{1200, 1200, 1200}, 0, 20},
		{"charging", []float64{-1200, -1200}, 10, 0},
		{"rising", []float64{0, 1200}, 0, 5},
		{"through zero", []float64{-600, 600}, 1.25, 1.25},
		{"through zero, unevenly", []float64{300, -900}, 2.8125, 0.3125},
		{"one is no flow", []float64{5000}, 0, 0},
		{"two missing", []float64{1200, math.NaN(), math.NaN(), 1200}, 0, 30},
		{"a gap", []float64{1200, math.NaN(), math.NaN(), math.NaN(), 1200, 1200}, 0, 10},
	} {
		var e Integrator
		start := time.Now()
		for i, p := range tt.powers {
			if !math.IsNaN(p) {
				e.Add(p, start.Add(time.Duration(i)*30*time.Second), 90*time.Second)
			}
		}
		if math.Abs(e.Charged*1000-tt.charged) > 1e-9 || math.Abs(e.Discharged*1000-tt.discharged) > 1e-9 {
			t.Errorf("%s: %v Wh charged and %v Wh discharged, want %v and %v", tt.name, e.Charged*1000, e.Discharged*1000, tt.charged, tt.discharged)
		}
	}
}
