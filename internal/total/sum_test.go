package total

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

var noon = time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)

// meter returns a meter with a power and with energies of EIM counters.
func meter(m envoy.Measurement, watts float64, energies map[envoy.Quantity]float64, phases ...float64) envoy.Meter {
	r := envoy.Meter{Measurement: m, Register: envoy.EIMRegister}
	r.Total.Set(envoy.Power, watts)
	for q, kWh := range energies {
		r.Total.Set(q, kWh)
	}
	for _, w := range phases {
		var c envoy.Channel
		c.Set(envoy.Power, w)
		c.Set(envoy.EnergyImport, 1)
		r.Phases = append(r.Phases, c)
	}
	return r
}

func production(watts, kWh float64) envoy.Meter {
	return meter(envoy.Production, watts, map[envoy.Quantity]float64{envoy.Energy: kWh})
}

func grid(watts, imported, exported float64, phases ...float64) envoy.Meter {
	return meter(envoy.NetConsumption, watts, map[envoy.Quantity]float64{envoy.Energy: imported - exported, envoy.EnergyImport: imported, envoy.EnergyExport: exported}, phases...)
}

func storage(watts float64) envoy.Meter {
	return meter(envoy.Storage, watts, map[envoy.Quantity]float64{envoy.EnergyCharged: 20, envoy.EnergyDischarged: 10})
}

// at returns a part with a sample that came after noon.
func at(after time.Duration, gateway string, meters ...envoy.Meter) Part {
	return Part{Gateway: gateway, Serial: "1222000000" + gateway[:2], Sample: envoy.Sample{Time: noon.Add(after), Took: 20 * time.Millisecond, Meters: meters}}
}

func withoutBatteries(p Part) Part { p.HasNoBatteries = true; return p }

// powers returns the powers of a sample by meter.
func powers(s envoy.Sample) map[envoy.Measurement]float64 {
	w := map[envoy.Measurement]float64{}
	for _, m := range s.Meters {
		if v, ok := m.Total.Get(envoy.Power); ok {
			w[m.Measurement] = v
		}
	}
	return w
}

func TestPowers(t *testing.T) {
	byInverters := production(500, 100)
	byInverters.Register = envoy.InverterRegister
	asleep := byInverters
	asleep.Total.Drop(envoy.Power)
	computed := at(0, "11house", production(1000, 5), grid(-500, 1, 2), meter(envoy.TotalConsumption, 500, nil))
	computed.Sample.IsGridComputed = true
	type watts = map[envoy.Measurement]float64
	for _, test := range []struct {
		name          string
		house, garage Part
		want          watts
	}{
		{
			"production adds up, the grid does not",
			at(0, "11house", production(1000, 5), grid(-700, 1, 2)), at(0, "22garage", production(200, 5), grid(-700, 1, 2)),
			watts{envoy.Production: 1200, envoy.NetConsumption: -700, envoy.TotalConsumption: 500},
		},
		{
			"batteries of both",
			at(0, "11house", production(1000, 5), grid(-700, 1, 2), storage(-100)), at(0, "22garage", production(200, 5), storage(300)),
			watts{envoy.Production: 1200, envoy.NetConsumption: -700, envoy.TotalConsumption: 500, envoy.Storage: 200, envoy.House: 700},
		},
		{
			"batteries of one, the other has none",
			at(0, "11house", production(1000, 5), grid(-700, 1, 2), storage(-100)), withoutBatteries(at(0, "22garage", production(200, 5))),
			watts{envoy.Production: 1200, envoy.NetConsumption: -700, envoy.TotalConsumption: 500, envoy.Storage: -100, envoy.House: 400},
		},
		{
			"batteries of one, the other may have some",
			at(0, "11house", production(1000, 5), grid(-700, 1, 2), storage(-100)), at(0, "22garage", production(200, 5)),
			watts{envoy.Production: 1200, envoy.NetConsumption: -700, envoy.TotalConsumption: 500},
		},
		{
			"no batteries at all",
			withoutBatteries(at(0, "11house", production(1000, 5), grid(-700, 1, 2))), withoutBatteries(at(0, "22garage", production(200, 5))),
			watts{envoy.Production: 1200, envoy.NetConsumption: -700, envoy.TotalConsumption: 500},
		},
		{
			"one without production",
			at(0, "11house", production(1000, 5), grid(-700, 1, 2)), at(0, "22garage", grid(-700, 1, 2)),
			watts{envoy.NetConsumption: -700},
		},
		{
			"the grid is not measured at the moment",
			at(0, "11house", production(1000, 5)), at(0, "22garage", production(200, 5), grid(-700, 1, 2)),
			watts{envoy.Production: 1200},
		},
		{
			"inverters' reports are too old to be added to the grid",
			at(0, "11house", production(1000, 5), grid(-700, 1, 2)), at(0, "22garage", byInverters),
			watts{envoy.Production: 1500, envoy.NetConsumption: -700},
		},
		{
			"the CT of the house is around its load",
			computed, at(0, "22garage", production(2000, 5)),
			watts{envoy.Production: 3000},
		},
		{
			"inverters of one are asleep",
			at(0, "11house", production(1000, 5), grid(-700, 1, 2)), at(0, "22garage", asleep),
			watts{envoy.NetConsumption: -700},
		},
		{
			"inverters of both are asleep",
			at(0, "11house", asleep), at(0, "22garage", asleep),
			watts{},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New([]string{"11house", "22garage"}, "11house")
			s.Add(test.house)
			sum, ok := s.Add(test.garage)
			if got := powers(sum); !ok || !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestUnmeasuredBatteries: batteries that no CT measures are in the sum, without a value,
// so that nobody takes consumption, which contains what charges them, for the house's.
func TestUnmeasuredBatteries(t *testing.T) {
	house := at(0, "11house", production(1000, 5), grid(-700, 1, 2))
	measured := at(0, "11house", production(1000, 5), grid(-700, 1, 2), storage(-100))
	garage := at(0, "22garage", production(200, 5))
	unmeasured := garage
	unmeasured.HasBatteries = true
	for _, test := range []struct {
		name          string
		house, garage Part
		want          bool
	}{
		{"of one", withoutBatteries(house), unmeasured, true},
		{"of one, the other may have some", house, unmeasured, true},
		{"of one, those of the other are measured", measured, unmeasured, true},
		{"may be there beside measured ones", measured, garage, true},
		{"not known", house, garage, false},
		{"none", withoutBatteries(house), withoutBatteries(garage), false},
	} {
		s := New([]string{"11house", "22garage"}, "11house")
		s.Add(test.house)
		sum, _ := s.Add(test.garage)
		m, ok := sum.Meter(envoy.Storage)
		if ok != test.want || m.Total != (envoy.Channel{}) {
			t.Errorf("%s: batteries in the sum: %t, with %v, want %t and no value", test.name, ok, m.Total, test.want)
		}
		if _, ok := sum.Meter(envoy.House); ok {
			t.Errorf("%s: the house is computed", test.name)
		}
	}
}

func TestNoGridMeter(t *testing.T) {
	s := New([]string{"11house", "22garage"}, "")
	s.Add(at(0, "11house", production(1000, 5), grid(-700, 1, 2)))
	sum, _ := s.Add(at(0, "22garage", production(200, 5), grid(-700, 1, 2)))
	if got, want := powers(sum), map[envoy.Measurement]float64{envoy.Production: 1200}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPhases(t *testing.T) {
	s := New([]string{"11house", "22garage"}, "11house")
	s.Add(at(0, "11house", meter(envoy.Production, 900, nil, 300, 300, 300), grid(-600, 1, 2, -100, -200, -300)))
	sum, _ := s.Add(at(0, "22garage", meter(envoy.Production, 300, nil, 100, 100, 100)))
	for _, m := range sum.Meters {
		var got []float64
		for _, p := range m.Phases {
			w, _ := p.Get(envoy.Power)
			got = append(got, w)
			if _, ok := p.Get(envoy.EnergyImport); ok {
				t.Errorf("%v: a phase has a counter", m.Measurement)
			}
		}
		var want []float64 // L1 of one may be L2 of the other
		if m.Measurement == envoy.NetConsumption {
			want = []float64{-100, -200, -300}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: phases %v, want %v", m.Measurement, got, want)
		}
	}
}

func TestOneMoment(t *testing.T) {
	type sample struct {
		after   time.Duration
		gateway string
	}
	for _, test := range []struct {
		name    string
		samples []sample
		want    []time.Duration // of the sums
	}{
		{"both every second", []sample{{0, "11a"}, {900 * time.Millisecond, "22b"}, {time.Second, "11a"}, {1900 * time.Millisecond, "22b"}}, []time.Duration{0, time.Second}},
		{"the latest of a fast one", []sample{{0, "11a"}, {time.Second, "11a"}, {2 * time.Second, "11a"}, {2500 * time.Millisecond, "22b"}}, []time.Duration{2 * time.Second}},
		{"two seconds apart", []sample{{0, "11a"}, {2 * time.Second, "22b"}}, []time.Duration{0}},
		{"too far apart", []sample{{0, "11a"}, {2001 * time.Millisecond, "22b"}, {4100 * time.Millisecond, "11a"}}, nil},
		{"a sample is used once", []sample{{0, "11a"}, {0, "22b"}, {time.Second, "11a"}, {1100 * time.Millisecond, "11a"}}, []time.Duration{0}},
		{"one is away", []sample{{0, "11a"}, {0, "22b"}, {5 * time.Second, "11a"}, {6 * time.Second, "11a"}}, []time.Duration{0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New([]string{"11a", "22b"}, "11a")
			var got []time.Duration
			for _, sample := range test.samples {
				if sum, ok := s.Add(at(sample.after, sample.gateway, production(100, 1))); ok {
					got = append(got, sum.Time.Sub(noon))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("sums of %v, want %v", got, test.want)
			}
		})
	}
}
