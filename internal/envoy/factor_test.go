package envoy

import "testing"

// TestFalsePowerFactor: a power factor that contradicts power and apparent power is left
// out, such as the -1 of /production.json while a CT exports.
func TestFalsePowerFactor(t *testing.T) {
	for _, tt := range []struct {
		w, va, pf float64
		kept      bool
	}{
		{640.9, 1155.6, 0.53, true}, // 4.10.35, rounded
		{-295.1, -954.4, -1, false}, // 8.3.5169
		{-295.1, 952.1, -0.31, true},
		{-11.5, -654.8, -1, false}, // 7.6.175
		{-2932.7, -2916.6, -1, true},
		{249.5, 123.4, 0.867, false}, // 8.3.5433
		{-1.2, 130.8, 0, true},
	} {
		var m Meter
		for q, v := range map[Quantity]float64{Power: tt.w, ApparentPower: tt.va, PowerFactor: tt.pf} {
			m.Total.Set(q, v)
		}
		var r reading
		r.add(m)
		if _, ok := r.meters[0].Total.Get(PowerFactor); ok != tt.kept {
			t.Errorf("%v W, %v VA: the power factor %v is kept: %t, want %t", tt.w, tt.va, tt.pf, ok, tt.kept)
		}
		if pf, _ := r.meters[0].Raw[0].Get(PowerFactor); pf != tt.pf {
			t.Errorf("%v W, %v VA: raw power factor %v, want %v", tt.w, tt.va, pf, tt.pf)
		}
	}
}

// TestFirstFactors: the first sample of AutoSource has the power of /production.json, and
// apparent power and power factor as the samples of the readings that follow it.
func TestFirstFactors(t *testing.T) {
	meter := func(w, va, pf float64) (m Meter) {
		m.Measurement = NetConsumption
		for q, v := range map[Quantity]float64{Power: w, ApparentPower: va, PowerFactor: pf} {
			m.Total.Set(q, v)
		}
		return m
	}
	s := Sample{Meters: []Meter{meter(-4980, -4999, -1)}}
	s.retainCommon([]Meter{meter(-4912, 5010, -0.98)})
	if got, want := s.Meters[0].Total, meter(-4980, 5010, -0.98).Total; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}
