package view

import "testing"

// TestDirections: each power has a word for its direction.
func TestDirections(t *testing.T) {
	live, err := Parse([]byte(`{"ts":"2026-11-23T12:00:00Z","grid":{"power":-300.4},"production":{"power":1200},"storage":{"power":-525},"consumption":{"power":374.6}}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = "Grid 300 W exporting, Solar 1200 W producing, Battery 525 W charging, Consumption 375 W using"
	if got := live.Summary(); got != want {
		t.Errorf("Summary = %q, want %q", got, want)
	}
}

func TestSparkline(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   string
	}{
		{nil, ""},
		{[]float64{100, 101}, "▁▁"}, // noise
		{[]float64{-700, 0, 700}, "▁▅█"},
	} {
		if got := sparkline(tt.values); got != tt.want {
			t.Errorf("sparkline(%v) = %s, want %s", tt.values, got, tt.want)
		}
	}
}
