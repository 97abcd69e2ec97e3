package envoy_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestCorrectedCT: the correction is that of the consumption CT, whether it is at the
// grid connection or around the load, and the same from each source. CheckSource
// compares what the sources report, without the correction.
func TestCorrectedCT(t *testing.T) {
	const offset = 30
	for _, loadOnly := range []bool{false, true} {
		for _, phases := range []int{1, 3} {
			for _, source := range allSources {
				synctest.Test(t, func(t *testing.T) {
					gw := &envoytest.Gateway{LoadOnly: loadOnly, Phases: phases, Start: noon}
					s := sampleFrom(t, gw, source)
					s.correct(t, envoy.Correction{Multiplier: []float64{-1}, Offset: []float64{offset}})
					for i := range 6 {
						sample := s.good(t, 1)[0]
						reported, _ := gw.Last()
						where := fmt.Sprintf("load only %t, %d phases, %s, sample %d", loadOnly, phases, source, i)
						power := func(m envoy.Measurement) float64 {
							meter, _ := sample.Meter(m)
							w, _ := meter.Total.Get(envoy.Power)
							sum := 0.0
							for _, c := range meter.Phases {
								p, _ := c.Get(envoy.Power)
								sum += p
							}
							if phases > 1 && abs(sum-w) > 0.1 {
								t.Errorf("%s: %s: %v W, its phases %v W together", where, m, w, sum)
							}
							return w
						}
						pv, net, total := power(envoy.Production), power(envoy.NetConsumption), power(envoy.TotalConsumption)
						if abs(total-pv-net) > 0.1 {
							t.Errorf("%s: total consumption %v W is not production %v W and net consumption %v W", where, total, pv, net)
						}
						got, want := net, offset-reported.Net.Total.Power
						if loadOnly {
							got, want = total, offset-reported.Consumption.Total.Power
						}
						if abs(got-want) > 0.1 {
							t.Errorf("%s: the corrected CT has %v W, want %v W", where, got, want)
						}
						if err := s.CheckSource(t.Context()); err != nil {
							t.Errorf("%s: CheckSource: %v", where, err)
						}
					}
				})
			}
		}
	}
}

// TestCorrectionOfUnknownCT: while a gateway that starts does not say what its consumption
// CT measures, nothing is corrected, and the next session knows it from the one before.
func TestCorrectionOfUnknownCT(t *testing.T) {
	for _, source := range []envoy.Source{envoy.AutoSource, envoy.FromProduction} {
		synctest.Test(t, func(t *testing.T) {
			gw := &envoytest.Gateway{LoadOnly: true, Start: noon}
			busy := 8
			srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/ivp/meters" && busy > 0 {
					busy--
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				gw.ServeHTTP(w, r)
			}))
			defer srv.Close()
			client := &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("t"), Source: source, Dial: srv.Dial, Correction: envoy.Correction{Multiplier: []float64{-1}}}
			defer client.CloseIdle()
			for session := range 2 {
				s, err := client.Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				good := 0
				for range 12 {
					time.Sleep(time.Second)
					sample, err := s.Sample(t.Context())
					if err != nil {
						continue
					}
					good++
					reported, _ := gw.Last()
					total, _ := sample.Meter(envoy.TotalConsumption)
					if w, _ := total.Total.Get(envoy.Power); abs(w+reported.Consumption.Total.Power) > 0.1 {
						t.Errorf("%s, session %d: the corrected CT has %v W, want %v W", source, session, w, -reported.Consumption.Total.Power)
					}
				}
				if want := []int{4, 12}[session]; good < want {
					t.Errorf("%s, session %d: %d samples, want %d", source, session, good, want)
				}
				busy = 1000
			}
		})
	}
}
