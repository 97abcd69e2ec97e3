package envoy_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestMetersAreRequestedOnce: a sample requests /ivp/meters once, also where several of
// its parts need the list and the gateway does not report it.
func TestMetersAreRequestedOnce(t *testing.T) {
	for _, cts := range []envoytest.CTs{envoytest.BothCTs, envoytest.ConsumptionCT} {
		for _, source := range allSources {
			t.Run(fmt.Sprintf("%v, CTs %d", source, cts), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					gw := &envoytest.Gateway{Start: noon, CTs: cts}
					s := sampleFrom(t, gw, source)
					s.correct(t, envoy.Correction{Multiplier: []float64{-1}})
					gw.FaultAt("/ivp/meters", envoytest.Busy, -1)
					for i := range 8 {
						before := gw.Count("/ivp/meters")
						_, err := s.Sample(t.Context())
						if n := gw.Count("/ivp/meters") - before; n > 1 {
							t.Errorf("sample %d, %v: %d requests for the CTs", i+1, err, n)
						}
					}
				})
			})
		}
	}
}
