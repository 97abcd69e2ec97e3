package total

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

func TestCounters(t *testing.T) {
	// Each step is the production in kWh of both gateways; a serial number that is
	// not empty is that of a new gateway in the garage.
	for _, test := range []struct {
		name  string
		steps []struct {
			house, garage float64
			serial        string
		}
		want []float64
	}{
		{"both count", []struct {
			house, garage float64
			serial        string
		}{{100, 10, ""}, {101, 10.5, ""}}, []float64{110, 111.5}},
		{"one is replaced", []struct {
			house, garage float64
			serial        string
		}{{100, 10, ""}, {101, 0.25, "122299999999"}, {101, 0.75, "122299999999"}}, []float64{110, 111, 111.5}},
		{"one is reset", []struct {
			house, garage float64
			serial        string
		}{{100, 10, ""}, {100, 0, ""}, {100, 2, ""}}, []float64{110, 110, 112}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New([]string{"11house", "22garage"}, "")
			for i, step := range test.steps {
				garage := at(0, "22garage", production(1, step.garage))
				if step.serial != "" {
					garage.Serial = step.serial
				}
				s.Add(at(0, "11house", production(1, step.house)))
				sum, _ := s.Add(garage)
				m, _ := sum.Meter(envoy.Production)
				if got, _ := m.Total.Get(envoy.Energy); got != test.want[i] {
					t.Errorf("step %d: %v kWh, want %v", i, got, test.want[i])
				}
				s = restarted(t, s)
			}
		})
	}
}

// restarted returns a sum that continues s from its saved state.
func restarted(t *testing.T, s *Sum) *Sum {
	data, err := json.Marshal(s.Counters)
	if err != nil {
		t.Fatal(err)
	}
	next := New(s.gateways, s.gridFrom)
	if err := json.Unmarshal(data, &next.Counters); err != nil {
		t.Fatal(err)
	}
	return next
}

func TestGatewayIsAddedAndRemoved(t *testing.T) {
	s := New([]string{"11house"}, "")
	s.Add(at(0, "11house", production(1, 100)))
	both := New([]string{"11house", "22garage"}, "")
	both.Counters = s.Counters
	both.Add(at(0, "11house", production(1, 101)))
	both.Add(at(0, "22garage", production(1, 50)))
	both.Add(at(0, "11house", production(1, 101)))
	sum, _ := both.Add(at(0, "22garage", production(1, 52)))
	if m, _ := sum.Meter(envoy.Production); energy(m) != 103 {
		t.Errorf("with the garage %v kWh, want 103", energy(m))
	}
	s.Counters = both.Counters
	sum, _ = s.Add(at(0, "11house", production(1, 102)))
	if m, _ := sum.Meter(envoy.Production); energy(m) != 104 {
		t.Errorf("without it %v kWh, want 104", energy(m))
	}
}

func energy(m envoy.Meter) float64 { v, _ := m.Total.Get(envoy.Energy); return v }

// TestOtherCorrection: a factor of -1 exchanges import and export, which the sum has
// not counted.
func TestOtherCorrection(t *testing.T) {
	s := New([]string{"11house"}, "11house")
	part := at(0, "11house", grid(100, 5000, 9000))
	s.Add(part)
	s = restarted(t, s)
	part.Correction.Multiplier = []float64{-1}
	for _, step := range []struct{ imported, exported, wantImported, wantExported float64 }{{9000, 5000, 5000, 9000}, {9001, 5002, 5001, 9002}} {
		part.Sample.Meters = []envoy.Meter{grid(-100, step.imported, step.exported)}
		sum, _ := s.Add(part)
		m, _ := sum.Meter(envoy.NetConsumption)
		imported, _ := m.Total.Get(envoy.EnergyImport)
		exported, _ := m.Total.Get(envoy.EnergyExport)
		if imported != step.wantImported || exported != step.wantExported {
			t.Errorf("import %v, export %v, want %v, %v", imported, exported, step.wantImported, step.wantExported)
		}
	}
}

// TestBehind: while the counter of a part is held, so is its share of the sum, which
// reports how far behind it is.
func TestBehind(t *testing.T) {
	s := New([]string{"11house", "22garage"}, "11house")
	for _, held := range []float64{0, 4000, 3000, 0} {
		house, connection := production(1000, 7000), grid(-500, 300, 900)
		house.AddBehind(envoy.Energy, held)
		connection.AddBehind(envoy.EnergyExport, held/10)
		s.Add(at(0, "11house", house, connection))
		sum, _ := s.Add(at(0, "22garage", production(200, 10)))
		for m, want := range map[envoy.Measurement]map[envoy.Quantity]float64{
			envoy.Production:       {envoy.Energy: held},
			envoy.NetConsumption:   {envoy.EnergyExport: held / 10},
			envoy.TotalConsumption: {envoy.Energy: held - held/10},
		} {
			got, _ := sum.Meter(m)
			if held == 0 {
				want = nil
			}
			if !maps.Equal(got.Behind, want) {
				t.Errorf("%v with %v kWh: %v, want %v", m, held, got.Behind, want)
			}
		}
		if len(connection.Behind) > 1 || connection.Behind[envoy.EnergyExport] != held/10 {
			t.Errorf("the part has changed: %v", connection.Behind)
		}
	}
}

func TestMissingCounter(t *testing.T) {
	s := New([]string{"11house", "22garage"}, "")
	add := func(house, garage envoy.Meter) (kWh float64, ok bool) {
		s.Add(at(0, "11house", house))
		sum, _ := s.Add(at(0, "22garage", garage))
		m, _ := sum.Meter(envoy.Production)
		return m.Total.Get(envoy.Energy)
	}
	add(production(1, 100), production(1, 10))
	if v, ok := add(production(1, 101), meter(envoy.Production, 1, nil)); ok {
		t.Errorf("%v kWh although the garage does not count", v)
	}
	if v, _ := add(production(1, 102), production(1, 11)); v != 113 {
		t.Errorf("%v kWh, want 113", v)
	}
}

func TestConsumptionEnergy(t *testing.T) {
	for _, test := range []struct {
		exported, want float64
		isKnown        bool
	}{
		{50, 110 + 30 - 50, true},
		{140, 0, true},
		{9000, 0, false}, // of more than the meters of production have counted
	} {
		s := New([]string{"11house", "22garage"}, "11house")
		s.Add(at(0, "11house", production(1000, 100), grid(-700, 30, test.exported)))
		sum, _ := s.Add(at(0, "22garage", production(200, 10)))
		m, _ := sum.Meter(envoy.TotalConsumption)
		if kWh, ok := m.Total.Get(envoy.Energy); kWh != test.want || ok != test.isKnown {
			t.Errorf("with %v kWh exported: %v kWh, %t, want %v, %t", test.exported, kWh, ok, test.want, test.isKnown)
		}
	}
}
