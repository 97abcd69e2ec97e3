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
		{"one offset is that of all together", nil, []float64{30}, house(60, 10, 20, 30), []float64{90, 20, 30, 40}, []float64{390, 120, 130, 140}},
		{"a total that is not the sum of its phases", []float64{-1, -1, -1}, []float64{1, 2, 3}, house(66, 10, 20, 30), []float64{-60, -9, -18, -27}, []float64{240, 91, 82, 73}},
		{"one phase", []float64{-1}, []float64{3}, house(60), []float64{-57}, []float64{43}},
	} {
		s := tt.before
		if err := (Correction{tt.multiplier, tt.offset}).apply(&s, TotalConsumption); err != nil {
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
		{Offset: []float64{1e6, 1e6, 1e6}},
		{Multiplier: []float64{-1000, 1000, 1}, Offset: []float64{-1.1e6, 1.1e6, 0}}, // the sum is small
		{Multiplier: []float64{1e306}},
		{Multiplier: []float64{1e306, -1e306, 1}},
	} {
		s := house(3030, 1000, 1000, 1030)
		const want = "the correction of the consumption CT does not fit: the power of net-consumption becomes one that no CT can measure"
		if err := c.apply(&s, TotalConsumption); err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", c, err, want)
		}
	}
}

func TestCorrectionDropsWhatIsUnknown(t *testing.T) {
	s := house(60, 10, 20, 30)
	if err := (Correction{Multiplier: []float64{-1}}).apply(&s, TotalConsumption); err != nil {
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

// TestCorrectionWithoutItsCT: what the gateway computes from a CT that one response lacks
// is not corrected, and left out.
func TestCorrectionWithoutItsCT(t *testing.T) {
	s := house(60)
	s.Meters = s.Meters[1:]
	if err := (Correction{Multiplier: []float64{-1}}).apply(&s, TotalConsumption); err != nil || s.meter(TotalConsumption) != nil {
		t.Errorf("%v, %v, want production alone", powers(s.Meters), err)
	}
}

func TestCorrectionSwapsEnergies(t *testing.T) {
	s := house(60)
	s.Meters[0].Total.Set(EnergyImport, 5)
	s.Meters[0].Total.Set(EnergyExport, 9)
	if err := (Correction{Multiplier: []float64{-1}}).apply(&s, TotalConsumption); err != nil {
		t.Fatal(err)
	}
	in, _ := s.Meters[0].Total.Get(EnergyImport)
	out, _ := s.Meters[0].Total.Get(EnergyExport)
	if in != 9 || out != 5 {
		t.Errorf("import %v, export %v after a turned CT, want 9, 5", in, out)
	}
}

// TestCorrectionOfTotalConsumption: where the CT is around the load, its power is
// corrected and the grid computed.
func TestCorrectionOfTotalConsumption(t *testing.T) {
	s := house(60, 10, 20, 30)
	s.Meters[1].Total.Set(Energy, 1)
	s.Meters[1].Total.Set(EnergyReceived, 9)
	if err := (Correction{Multiplier: []float64{-1}}).apply(&s, NetConsumption); err != nil {
		t.Fatal(err)
	}
	got := powers(s.Meters)
	want := want{TotalConsumption: {-360, -110, -120, -130}, NetConsumption: {-660, -210, -220, -230}, Production: got[Production]}
	if !equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if kWh, _ := s.Meters[1].Total.Get(Energy); kWh != 9 {
		t.Errorf("%v kWh after a turned CT, want the 9 received", kWh)
	}
}

// TestCorrectionOfHouse: the load of the live data follows from the grid.
func TestCorrectionOfHouse(t *testing.T) {
	var s Sample
	for _, m := range []struct {
		of Measurement
		w  float64
	}{{Production, 3000}, {Storage, -1000}, {NetConsumption, 1500}, {House, 3500}} {
		meter := Meter{Measurement: m.of}
		meter.Total.Set(Power, m.w)
		s.Meters = append(s.Meters, meter)
	}
	s.Meters = derive(s.Meters)
	if err := (Correction{Multiplier: []float64{-1}}).apply(&s, TotalConsumption); err != nil {
		t.Fatal(err)
	}
	s.AddHouse(false)
	got := powers(s.Meters)
	if want := (want{Production: {3000}, Storage: {-1000}, NetConsumption: {-1500}, TotalConsumption: {1500}, House: {500}}); !equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestCorrectionOfEveryQuantity: a CT that is turned round and has twice its ratio
// changes each quantity, but for those that do not follow from its current.
func TestCorrectionOfEveryQuantity(t *testing.T) {
	kept := []Quantity{Voltage, Frequency, EnergyCharged, EnergyDischarged} // a consumption meter has no energies of batteries
	var c Channel
	for q := range quantities {
		c.Set(q, 1+float64(q))
	}
	before := c
	c.correct(EIMRegister, -2, 0)
	for q := range quantities {
		if isKept := c.val[q] == before.val[q]; isKept != slices.Contains(kept, q) {
			t.Errorf("%s: %v, before the correction %v: see correct in correction.go, and kept of this test", q, c.val[q], before.val[q])
		}
	}
}

// TestCorrectionOfApparentPower: the readings report it without a sign, also of a CT
// that is turned round.
func TestCorrectionOfApparentPower(t *testing.T) {
	for _, tt := range []struct {
		register Register
		factors  []float64
		want     [4]float64 // VA: total, L1 to L3
	}{
		{ReadingRegister, []float64{-1}, [4]float64{600, 100, 200, 300}},
		{ReadingRegister, []float64{1, -2, 1}, [4]float64{800, 100, 400, 300}},
		{EIMRegister, []float64{-1}, [4]float64{-600, -100, -200, -300}},
		{EIMRegister, []float64{1, -2, 1}, [4]float64{0, 100, -400, 300}},
	} {
		m := Meter{Measurement: NetConsumption, Register: tt.register, Phases: make([]Channel, 3)}
		for i := range m.Phases {
			m.Phases[i].Set(ApparentPower, 100*float64(i+1))
		}
		m.Total.Set(ApparentPower, 600)
		m.correct(Correction{Multiplier: tt.factors})
		for i, c := range append([]Channel{m.Total}, m.Phases...) {
			if va, _ := c.Get(ApparentPower); va != tt.want[i] {
				t.Errorf("%v with the factors %v: %v VA of L%d, want %v", tt.register, tt.factors, va, i, tt.want[i])
			}
		}
	}
}

func TestCorrectionForOtherPhases(t *testing.T) {
	s := house(30, 10, 20)
	err := Correction{Multiplier: []float64{1, -1, 1}}.apply(&s, TotalConsumption)
	if err == nil || !strings.Contains(err.Error(), "3 values for 2 phases") {
		t.Errorf("apply = %v, want an error that counts", err)
	}
}
