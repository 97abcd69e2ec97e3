package envoy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// noon is a time of the house's clock with sun.
var noon = time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)

// TestSource: which endpoint a session reads, by what the gateway has.
func TestSource(t *testing.T) {
	for _, tt := range []struct {
		name    string
		gateway *envoytest.Gateway
		source  envoy.Source
		want    envoy.Source
		asked   string // how often each path was asked for six samples: production.json, meters, readings
	}{
		{"auto, both CTs", &envoytest.Gateway{Phases: 3}, envoy.AutoSource, envoy.FromMeters, "1 1 6"},
		{"auto, one phase", &envoytest.Gateway{}, envoy.AutoSource, envoy.FromMeters, "1 1 6"},
		{"auto, split phase", &envoytest.Gateway{Split: true, ThreeLines: true}, envoy.AutoSource, envoy.FromMeters, "1 1 6"},
		{"auto, a CT around the load", &envoytest.Gateway{LoadOnly: true, Firmware: "D8.3.5433", Phases: 3}, envoy.AutoSource, envoy.FromMeters, "1 1 6"},
		{"auto, a production CT", &envoytest.Gateway{CTs: envoytest.ProductionCT}, envoy.AutoSource, envoy.FromProduction, "6 1 6"},
		{"auto, a consumption CT", &envoytest.Gateway{CTs: envoytest.ConsumptionCT}, envoy.AutoSource, envoy.FromMeters, "1 1 6"},
		{"auto, no CT", &envoytest.Gateway{CTs: envoytest.NoCTs}, envoy.AutoSource, envoy.FromProduction, "6 1 0"},
		{"auto, no meter", &envoytest.Gateway{Standard: true}, envoy.AutoSource, envoy.FromProduction, "1 1 0"},
		{"production", &envoytest.Gateway{Phases: 3}, envoy.FromProduction, envoy.FromProduction, "6 1 0"},
		{"meters", &envoytest.Gateway{Phases: 3}, envoy.FromMeters, envoy.FromMeters, "0 1 6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := tt.gateway
				gw.Start = noon
				s := sampleFrom(t, gw, tt.source)
				for i := range 6 {
					sample := s.next(t)
					reported, _ := gw.Last()
					if net, ok := sample.Meter(envoy.NetConsumption); ok && i > 0 {
						if w, _ := net.Total.Get(envoy.Power); abs(w-reported.Net.Total.Power) > 0.002 {
							t.Errorf("sample %d: net %v W, the gateway reported %v", i, w, reported.Net.Total.Power)
						}
					}
					if total, ok := sample.Meter(envoy.TotalConsumption); ok && i > 0 {
						if w, _ := total.Total.Get(envoy.Power); abs(w-reported.Consumption.Total.Power) > 0.002 {
							t.Errorf("sample %d: total %v W, the gateway reported %v", i, w, reported.Consumption.Total.Power)
						}
					}
				}
				if source, why, ok := s.Source(); !ok || source != tt.want || why != "" {
					t.Errorf("Source = %v, %q, %v, want %v", source, why, ok, tt.want)
				}
				asked := fmt.Sprint(gw.Count("/production.json"), gw.Count("/ivp/meters"), gw.Count("/ivp/meters/readings"))
				if asked != tt.asked || gw.MaxInFlight() > 1 {
					t.Errorf("asked %s times, want %s; %d at once", asked, tt.asked, gw.MaxInFlight())
				}
			})
		})
	}
}

// TestEnergySource: no counter ever changes its source, from the first sample on.
func TestEnergySource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{Phases: 3, Start: noon}
		s := sampleFrom(t, gw, envoy.AutoSource)
		for i := range 3 {
			sample := s.next(t)
			reported, _ := gw.Last()
			net, _ := sample.Meter(envoy.NetConsumption)
			in, hasIn := net.Total.Get(envoy.EnergyImport)
			out, hasOut := net.Total.Get(envoy.EnergyExport)
			_, balanced := net.Total.Get(envoy.Energy)
			if !hasIn || !hasOut || balanced || abs(in*1e3-reported.Net.Total.Delivered) > 0.01 || abs(out*1e3-reported.Net.Total.Received) > 0.01 {
				t.Errorf("sample %d: import %v kWh, export %v kWh, balanced %v; reported %+v", i, in, out, balanced, reported.Net.Total)
			}
			if l2, ok := net.Phases[1].Get(envoy.EnergyImport); !ok || abs(l2*1e3-reported.Net.Lines[1].Delivered) > 0.01 {
				t.Errorf("sample %d: L2 imported %v kWh, reported %v Wh", i, l2, reported.Net.Lines[1].Delivered)
			}
			for _, m := range sample.Meters {
				want := envoy.ReadingRegister
				if m.Measurement == envoy.TotalConsumption {
					want = envoy.ComputedRegister
				}
				if m.Register != want {
					t.Errorf("sample %d: counters of %s from %s", i, m.Measurement, m.Register)
				}
			}
		}
	})
}

// TestOneMoment: with a slow /production.json, powers of earlier readings are not
// added to it. Where samples keep coming from both, the storage CT is read again.
func TestOneMoment(t *testing.T) {
	for _, row := range []struct {
		name    string
		cts     envoytest.CTs
		latency time.Duration
		want    []bool // whether the samples have the batteries
	}{
		{"slow", envoytest.BothCTs, 8 * time.Second, []bool{false, true, true}},
		{"fast", envoytest.BothCTs, time.Second, []bool{true, true, true}},
		{"slow, no consumption CT", envoytest.ProductionCT, 8 * time.Second, []bool{false, true, true}},
		{"fast, no consumption CT", envoytest.ProductionCT, time.Second, []bool{true, true, true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := &envoytest.Gateway{Phases: 3, CTs: row.cts, Batteries: 2, StorageCT: true, Start: noon, Latencies: map[string]time.Duration{"/production.json": row.latency}}
				s := sampleFrom(t, gw, envoy.AutoSource)
				var has []bool
				for range row.want {
					sample := s.next(t)
					storage, ok := sample.Meter(envoy.Storage)
					_, charged := storage.Total.Get(envoy.EnergyCharged)
					_, house := sample.Meter(envoy.House)
					if has = append(has, ok); ok != charged || house != (ok && row.cts == envoytest.BothCTs) {
						t.Errorf("batteries %t, their energies %t, house %t", ok, charged, house)
					}
					var read time.Time
					for _, q := range gw.Requests() {
						if q.Path == "/ivp/meters/readings" {
							read = q.Time
						}
					}
					if age := sample.Time.Sub(read); ok && age > 2*time.Second {
						t.Errorf("the batteries were read %v before the rest", age)
					}
				}
				if !slices.Equal(has, row.want) {
					t.Errorf("samples have the batteries: %v, want %v", has, row.want)
				}
			})
		})
	}
}

// TestCheckSource: readings that disagree with production.json three times are left,
// and are not chosen in the first place.
func TestCheckSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{Phases: 3, Start: noon}
		s := sampleFrom(t, gw, envoy.AutoSource)
		s.next(t)
		if err := s.CheckSource(t.Context()); err != nil {
			t.Errorf("CheckSource = %v of a healthy gateway", err)
		}
		gw.Change(func(g *envoytest.Gateway) { g.TurnedReadings = true })
		var err error
		for i := range 3 {
			s.next(t)
			if err = s.CheckSource(t.Context()); (err != nil) != (i == 2) {
				t.Errorf("CheckSource %d = %v", i, err)
			}
		}
		if !errors.Is(err, envoy.ErrReopen) || !strings.Contains(err.Error(), "sign") {
			t.Errorf("CheckSource = %v, want one that speaks of the sign and asks for another session", err)
		}
		s.Session, err = s.client.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.next(t)
		}
		if source, why, ok := s.Source(); !ok || source != envoy.FromProduction || !strings.Contains(why, "sign") {
			t.Errorf("Source = %v, %q, %v, want production.json because of the sign", source, why, ok)
		}
	})
}

// TestCheckSourceFindsSetup: a consumption CT that is set up in another way is found by the
// first comparison, long before the list of the CTs is read again.
func TestCheckSourceFindsSetup(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before *envoytest.Gateway
		change func(g *envoytest.Gateway)
	}{
		{"it is around the load", &envoytest.Gateway{Phases: 3}, func(g *envoytest.Gateway) { g.LoadOnly = true }},
		{"it is at the grid", &envoytest.Gateway{Phases: 3, LoadOnly: true}, func(g *envoytest.Gateway) { g.LoadOnly = false }},
		{"three phases", &envoytest.Gateway{}, func(g *envoytest.Gateway) { g.Phases = 3 }},
	} {
		synctest.Test(t, func(t *testing.T) {
			gw := tt.before
			gw.Start = noon
			s := sampleFrom(t, gw, envoy.AutoSource)
			s.next(t)
			s.next(t)
			if err := s.CheckSource(t.Context()); err != nil {
				t.Errorf("%s: CheckSource = %v before", tt.name, err)
			}
			gw.Change(tt.change)
			s.next(t)
			if err := s.CheckSource(t.Context()); !errors.Is(err, envoy.ErrReopen) {
				t.Errorf("%s: CheckSource = %v, want one that asks for another session", tt.name, err)
			}
		})
	}
}

// TestReopened: after an interruption the readings are read at once, and a CT
// that is gone is not believed gone at once.
func TestReopened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{Start: noon}
		s := sampleFrom(t, gw, envoy.AutoSource)
		s.next(t)
		var err error
		if s.Session, err = s.client.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.next(t)
		if n := gw.Count("/production.json"); n != 1 {
			t.Errorf("/production.json was asked %d times, want once", n)
		}
		gw.Change(func(g *envoytest.Gateway) { g.CTs = envoytest.ProductionCT })
		if _, err := s.CheckMeters(t.Context()); !errors.Is(err, envoy.ErrReopen) {
			t.Errorf("CheckMeters = %v of other CTs, want ErrReopen", err)
		}
		if s.Session, err = s.client.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		skipped := 0
		for range 5 {
			time.Sleep(time.Second)
			sample, err := s.Sample(t.Context())
			if _, ok := errors.AsType[*envoy.SkippedError](err); ok {
				skipped++
			} else if err != nil || sample.NoGrid == nil {
				t.Errorf("Sample = %v, NoGrid %v", err, sample.NoGrid)
			}
		}
		if skipped != 3 {
			t.Errorf("%d answers were skipped before the CT was given up, want 3", skipped)
		}
	})
}

func abs(v float64) float64 { return max(v, -v) }

// TestNoSource: a gateway without the page of the configured source is not out of
// order.
func TestNoSource(t *testing.T) {
	for _, row := range []struct {
		firmware string
		source   envoy.Source
		want     error
	}{
		{"R3.9.36", envoy.FromMeters, envoy.ErrNoSource},
		{"R3.9.36", envoy.FromLivedata, envoy.ErrNoSource},
		{"R4.10.35", envoy.FromLivedata, envoy.ErrNoSource},
		{"R4.10.35", envoy.FromMeters, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := sampleFrom(t, &envoytest.Gateway{Firmware: row.firmware, Start: noon}, row.source)
			if _, err := s.Sample(t.Context()); !errors.Is(err, row.want) {
				t.Errorf("%s, source %v: %v, want %v", row.firmware, row.source, err, row.want)
			}
		})
	}
}
