package envoy_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestUnmeasuredProduction: without a production CT the gateway computes the
// consumption that its CT does not measure as if production were 0.
func TestUnmeasuredProduction(t *testing.T) {
	const readings, meters = "/ivp/meters/readings", "/ivp/meters"
	for _, tt := range []struct {
		name     string
		loadOnly bool
		storage  bool
		turned   bool   // by POWER_MULTIPLIER
		fails    string // a path
		fault    envoytest.Fault
		sources  []envoy.Source
		want     string // the meters of consumption, and what follows from them
	}{
		{name: "around the load", loadOnly: true, sources: allSources, want: "total-consumption"},
		{name: "at the grid", sources: allSources, want: "net-consumption"},
		{name: "at the grid, turned", turned: true, sources: allSources, want: "net-consumption"},
		{name: "at the grid, batteries", storage: true, sources: []envoy.Source{envoy.AutoSource, envoy.FromMeters}, want: "net-consumption"},
		{name: "around the load, no readings", loadOnly: true, fails: readings, fault: envoytest.Busy, sources: allSources[:2], want: "total-consumption"},
		{name: "at the grid, no readings", fails: readings, fault: envoytest.HTML, sources: allSources[:2], want: "net-consumption"},
		{name: "around the load, not configured", loadOnly: true, fails: meters, fault: envoytest.HTML, sources: []envoy.Source{envoy.AutoSource, envoy.FromProduction}, want: ""},
		{name: "at the grid, not configured", fails: meters, fault: envoytest.HTML, sources: []envoy.Source{envoy.AutoSource, envoy.FromProduction}, want: ""},
	} {
		for _, source := range tt.sources {
			synctest.Test(t, func(t *testing.T) {
				gw := &envoytest.Gateway{CTs: envoytest.ConsumptionCT, LoadOnly: tt.loadOnly, Phases: 3, Start: noon}
				if tt.storage {
					gw.Batteries, gw.StorageCT = 2, true
				}
				if tt.fails != "" {
					gw.FaultAt(tt.fails, tt.fault, -1)
				}
				s := sampleFrom(t, gw, source)
				if tt.turned {
					s.correct(t, envoy.Correction{Multiplier: []float64{-1}})
				}
				for i, sample := range s.good(t, 5) {
					var got strings.Builder
					for _, m := range []envoy.Measurement{envoy.NetConsumption, envoy.TotalConsumption, envoy.House} {
						if _, ok := sample.Meter(m); ok {
							got.WriteString(m.String())
						}
					}
					if got.String() != tt.want || (sample.NoGrid == nil) != (got.String() == "net-consumption") {
						t.Errorf("%s, %s, sample %d: %q, %v, want %q", tt.name, source, i, got.String(), sample.NoGrid, tt.want)
					}
					if pv, ok := sample.Meter(envoy.Production); ok && !pv.Register.OfInverters() {
						t.Errorf("%s, %s, sample %d: production from %q, which no CT measures", tt.name, source, i, pv.Register)
					}
				}
			})
		}
	}
}

// TestComputedMeters: no CT has the voltage, the frequency or the power factor
// of the consumption that the gateway computes, in total and on each phase.
func TestComputedMeters(t *testing.T) {
	for _, tt := range []struct {
		firmware string
		phases   int
		split    bool
	}{{"D8.3.5167", 1, false}, {"D8.3.5167", 3, false}, {"D8.3.5167", 0, true}, {"D5.0.62", 2, false}, {"D8.3.5433", 3, false}} {
		for _, loadOnly := range []bool{false, true} {
			for _, source := range allSources {
				if tt.firmware == "D5.0.62" && source == envoy.FromLivedata {
					continue // it has none
				}
				synctest.Test(t, func(t *testing.T) {
					gw := &envoytest.Gateway{Firmware: tt.firmware, Phases: tt.phases, Split: tt.split, ThreeLines: tt.split, LoadOnly: loadOnly, Start: noon}
					for i, sample := range sampleFrom(t, gw, source).good(t, 3) {
						measured, computed := envoy.NetConsumption, envoy.TotalConsumption
						if loadOnly {
							measured, computed = computed, measured
						}
						where := fmt.Sprintf("%+v, load only %t, %s, sample %d", tt, loadOnly, source, i)
						m, ok := sample.Meter(computed)
						if !ok {
							t.Errorf("%s: no %s", where, computed)
						}
						for phase, c := range append([]envoy.Channel{m.Total}, m.Phases...) {
							for _, q := range []envoy.Quantity{envoy.Voltage, envoy.Frequency, envoy.PowerFactor, envoy.ApparentPower, envoy.ReactivePower} {
								if v, ok := c.Get(q); ok {
									t.Errorf("%s: %s phase %d has quantity %d = %v", where, computed, phase, q, v)
								}
							}
						}
						if m, _ = sample.Meter(measured); source == envoy.FromLivedata || tt.firmware == "D8.3.5433" && loadOnly && source != envoy.FromMeters {
							continue // power alone; production.json has net consumption's in place of the total's
						}
						of := m.Total
						if len(m.Phases) > 0 {
							of = m.Phases[0]
						}
						if v, ok := of.Get(envoy.Voltage); !ok || v < 100 || v > 250 {
							t.Errorf("%s: %s has %v V, %t", where, measured, v, ok)
						}
					}
				})
			}
		}
	}
}
