package envoy_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestLivedata: live data that stand still are no sample, and are started.
func TestLivedata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{Phases: 3, Start: noon}
		s := sampleFrom(t, gw, envoy.FromLivedata)
		good, bad := 0, 0
		var last float64
		for range 1000 { // the stream ends after a quarter of an hour
			time.Sleep(time.Second)
			sample, err := s.Sample(t.Context())
			if _, ok := errors.AsType[*envoy.SkippedError](err); ok {
				bad++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			good++
			reported, _ := gw.Last()
			net, _ := sample.Meter(envoy.NetConsumption)
			total, _ := sample.Meter(envoy.TotalConsumption)
			w, _ := net.Total.Get(envoy.Power)
			use, _ := total.Total.Get(envoy.Power)
			if abs(w-reported.Net.Total.Power) > 0.001 || abs(use-reported.Consumption.Total.Power) > 0.002 || w == last || len(net.Phases) != 3 {
				t.Fatalf("net %v W, total %v W, %d phases, reported %+v", w, use, len(net.Phases), reported.Net.Total)
			}
			last = w
			for _, m := range []envoy.Measurement{envoy.Storage, envoy.House} {
				if m, ok := sample.Meter(m); ok {
					t.Fatalf("%s %+v in a house without batteries", m.Measurement, m)
				}
			}
		}
		if n := gw.Count("/ivp/livedata/stream"); n != 2 || bad > 8 || good < 990 {
			t.Errorf("%d good and %d bad in 1000 s, the stream was started %d times", good, bad, n)
		}
	})
}
