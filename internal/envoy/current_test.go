package envoy_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// good reads n good samples, of live data too, which come when they move.
func (s *sampling) good(t *testing.T, n int) (samples []envoy.Sample) {
	t.Helper()
	for range 20 {
		time.Sleep(time.Second)
		sample, err := s.Sample(t.Context())
		if _, skipped := errors.AsType[*envoy.SkippedError](err); skipped {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if samples = append(samples, sample); len(samples) == n {
			return samples
		}
	}
	t.Fatalf("%d good samples in 20 s, want %d", len(samples), n)
	return nil
}

var allSources = []envoy.Source{envoy.AutoSource, envoy.FromProduction, envoy.FromMeters, envoy.FromLivedata}

// TestCurrentSign: a current has the sign of its power, also where the gateway
// reports its magnitude, and also in the first sample.
func TestCurrentSign(t *testing.T) {
	for _, firmware := range []string{"R4.10.35", "D5.0.62", "D8.3.5167"} {
		for _, multiplier := range [][]float64{nil, {-1}, {1, -1, 1}} {
			for _, source := range allSources[:3] {
				synctest.Test(t, func(t *testing.T) {
					gw := &envoytest.Gateway{Firmware: firmware, Phases: 3, Start: noon}
					s := sampleFrom(t, gw, source)
					s.correct(t, envoy.Correction{Multiplier: multiplier})
					for i, sample := range s.good(t, 3) {
						reported, _ := gw.Last()
						for _, m := range sample.Meters {
							sum := 0.0
							for phase, c := range append([]envoy.Channel{m.Total}, m.Phases...) {
								w, _ := c.Get(envoy.Power)
								a, ok := c.Get(envoy.Current)
								if a*w < 0 || !ok && m.Measurement != envoy.TotalConsumption {
									t.Errorf("%s, %s, %v, sample %d: %s phase %d: %v W, %v A, %t", firmware, source, multiplier, i, m.Measurement, phase, w, a, ok)
								}
								if phase > 0 {
									sum += a
								}
							}
							if a, _ := m.Total.Get(envoy.Current); abs(abs(a)-abs(sum)) > 1e-9 {
								t.Errorf("%s, %s, sample %d: %s: %v A, its phases %v A together", firmware, source, i, m.Measurement, a, sum)
							}
						}
						net, _ := sample.Meter(envoy.NetConsumption)
						if a, _ := net.Total.Get(envoy.Current); multiplier == nil && abs(a-reported.Net.Total.Current) > 0.5 { // of a second before
							t.Errorf("%s, %s, sample %d: net %v A, the gateway measures %v A", firmware, source, i, a, reported.Net.Total.Current)
						}
					}
				})
			}
		}
	}
}

// TestRaw: what profiles copy is as the gateway reports it, from the first sample
// on as it goes on.
func TestRaw(t *testing.T) {
	for _, tt := range []struct {
		firmware string
		source   envoy.Source
		signed   bool
	}{
		{"D5.0.62", envoy.FromProduction, false},
		{"D8.3.5167", envoy.FromProduction, true},
		{"D5.0.62", envoy.AutoSource, false},
		{"D8.3.5167", envoy.AutoSource, false},
		{"D8.3.5167", envoy.FromMeters, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			gw := &envoytest.Gateway{Firmware: tt.firmware, Phases: 3, Start: noon}
			for i, sample := range sampleFrom(t, gw, tt.source).good(t, 3) {
				net, _ := sample.Meter(envoy.NetConsumption)
				if len(net.Raw) != 4 {
					t.Fatalf("%+v, sample %d: %d raw channels, want those of the total and three phases", tt, i, len(net.Raw))
				}
				w, _ := net.Total.Get(envoy.Power)
				a, _ := net.Raw[0].Get(envoy.Current)
				volts, _ := net.Raw[0].Get(envoy.Voltage)
				if w > -1000 || (a < 0) != tt.signed || volts < 600 {
					t.Errorf("%+v, sample %d: %v W, raw %v A and %v V, want export, the gateway's sign and its sum", tt, i, w, a, volts)
				}
			}
		})
	}
}
