package envoy

import (
	"slices"
	"strings"
	"testing"
)

// house is a sample with production 1000 W and these powers at the grid.
func house(total float64, phases ...float64) Sample {
	meter := func(m Measurement, add float64) Meter {
		var out Meter
		out.Measurement = m
		out.Total.Set(Power, total+add*max(1, float64(len(phases))))
		out.Total.Set(Current, 3)
		for _, p := range phases {
			var c Channel
			c.Set(Power, p+add)
			c.Set(Voltage, 230)
			c.Set(Current, p/230)
			c.Set(Energy, 7)
			out.Phases = append(out.Phases, c)
		}
		return out
	}
	s := Sample{Meters: []Meter{meter(NetConsumption, 0), meter(TotalConsumption, 100), meter(Production, 0)}}
	p := &s.Meters[2]
	p.Total.Set(Power, 100*max(1, float64(len(phases))))
	for i := range p.Phases {
		p.Phases[i].Set(Power, 100)
	}
	return s
}

func TestCorrection(t *testing.T) {
	for _, tt := range []struct {
		name               string
		multiplier, offset []float64
		before             Sample
		net, total         []float64
	}{
		{"none", nil, nil, house(60, 10, 20, 30), []float64{60, 10, 20, 30}, []float64{360, 110, 120, 130}},
		{"one", []float64{1}, []float64{0}, house(60, 10, 20, 30), []float64{60, 10, 20, 30}, []float64{360, 110, 120, 130}},
		{"all turned", []float64{-1}, nil, house(60, 10, 20, 30), []float64{-60, -10, -20, -30}, []float64{240, 90, 80, 70}},
		{"one turned", []float64{1, -1, 1}, nil, house(60, 10, 20, 30), []float64{20, 10, -20, 30}, []float64{320, 110, 80, 130}},
		{"offset after factor", []float64{-1, 1, 2}, []float64{5, 0, 1}, house(60, 10, 20, 30), []float64{76, -5, 20, 61}, []float64{376, 95, 120, 161}},
		{"one phase", []float64{-1}, []float64{3}, house(60), []float64{-57}, []float64{43}},
	} {
		s := tt.before
		if err := (Correction{tt.multiplier, tt.offset}).apply(&s); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		got := powers(s.Meters)
		want := want{NetConsumption: tt.net, TotalConsumption: tt.total, Production: got[Production]}
		if !equal(got, want) {
			t.Errorf("%s: %v, want %v", tt.name, got, want)
		}
	}
}

func TestCorrectionIsPlausible(t *testing.T) {
	for _, c := range []Correction{
		{Multiplier: []float64{1000}},
		{Offset: []float64{1e6}},
		{Multiplier: []float64{-1000, 1000, 1}, Offset: []float64{-1.1e6, 1.1e6, 0}}, // the sum is small
		{Multiplier: []float64{1e306}},
		{Multiplier: []float64{1e306, -1e306, 1}},
	} {
		s := house(3030, 1000, 1000, 1030)
		const want = "the correction of net consumption does not fit: the power of net-consumption becomes one that no CT can measure"
		if err := c.apply(&s); err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", c, err, want)
		}
	}
}

func TestCorrectionDropsWhatIsUnknown(t *testing.T) {
	s := house(60, 10, 20, 30)
	if err := (Correction{Multiplier: []float64{-1}}).apply(&s); err != nil {
		t.Fatal(err)
	}
	total := s.meter(TotalConsumption)
	for _, c := range append([]Channel{total.Total}, total.Phases...) {
		for _, q := range []Quantity{Current, Energy, Voltage} {
			if v, ok := c.Get(q); ok {
				t.Errorf("total consumption after a correction has quantity %d = %v, want none", q, v)
			}
		}
	}
}

func TestCorrectionSwapsEnergies(t *testing.T) {
	s := house(60)
	s.Meters[0].Total.Set(EnergyImport, 5)
	s.Meters[0].Total.Set(EnergyExport, 9)
	if err := (Correction{Multiplier: []float64{-1}}).apply(&s); err != nil {
		t.Fatal(err)
	}
	in, _ := s.Meters[0].Total.Get(EnergyImport)
	out, _ := s.Meters[0].Total.Get(EnergyExport)
	if in != 9 || out != 5 {
		t.Errorf("import %v, export %v after a turned CT, want 9, 5", in, out)
	}
}

// TestCorrectionOfEveryQuantity: a CT that is turned round and has twice its ratio
// changes each quantity, but for those that do not follow from its current.
func TestCorrectionOfEveryQuantity(t *testing.T) {
	kept := []Quantity{Voltage, Frequency, EnergyCharged, EnergyDischarged, EnergyReceived} // net consumption has no energies but three
	var c Channel
	for q := range quantities {
		c.Set(q, 1+float64(q))
	}
	before := c
	c.correct(-2, 0)
	for q := range quantities {
		if isKept := c.val[q] == before.val[q]; isKept != slices.Contains(kept, q) {
			t.Errorf("%s: %v, before the correction %v: see correct in correction.go, and kept of this test", q, c.val[q], before.val[q])
		}
	}
}

func TestCorrectionForOtherPhases(t *testing.T) {
	s := house(30, 10, 20)
	err := Correction{Multiplier: []float64{1, -1, 1}}.apply(&s)
	if err == nil || !strings.Contains(err.Error(), "3 values for 2 phases") {
		t.Errorf("apply = %v, want an error that counts", err)
	}
}
