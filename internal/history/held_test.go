package history

import (
	"math"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
)

// TestHeldCounter counts on while the filters hold the counter of production, which has
// fallen: 6 kW are produced, of which a tenth is exported, for two hours. The counter
// falls after the first hour.
func TestHeldCounter(t *testing.T) {
	for _, tt := range []struct {
		name           string
		fall           float64 // kWh
		fallen, behind int     // minutes for which the counter has fallen, and for which it is held
		restart        bool
	}{
		{"does not fall", 0, 60, 0, false},
		{"far from zero", 4000, 60, 58, false},
		{"far from zero, with a restart", 4000, 60, 58, true},
		{"and catches up", 2, 60, 17, false},
		{"for five minutes", 0.7, 5, 3, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := newStore(t, dir)
			var c filter.Counters
			start, held := time.Date(2026, 6, 18, 12, 0, 0, 0, s.Location), 0
			for i := range 121 {
				at, made := start.Add(time.Duration(i)*time.Minute), 7000+0.1*float64(i)
				if i > 60 && i <= 60+tt.fallen {
					made -= tt.fall
				}
				sample := sampleOf(
					meter(envoy.Production, 6000, counters{envoy.Energy: made}),
					meter(envoy.NetConsumption, -600, counters{envoy.EnergyImport: 100, envoy.EnergyExport: 200 + 0.01*float64(i)}))
				sample.AddConsumption()
				filtered := c.Apply(sample, at)
				if len(filtered.Meters[0].Behind) > 0 {
					held++
				}
				s.Add(serial, filtered, at)
				if tt.restart && i == 90 {
					s.save()
					s = newStore(t, dir)
				}
			}
			if held != tt.behind {
				t.Errorf("held for %d minutes, want %d", held, tt.behind)
			}
			got := s.Days(serial, energyDate, energyDate)[0]
			if math.Abs(got.Produced-12) > 1e-6 || math.Abs(got.Used-10.8) > 1e-6 || math.Abs(got.Exported-1.2) > 1e-6 {
				t.Errorf("%+v, want 12 kWh produced, 10.8 used, 1.2 exported", got)
			}
		})
	}
}
