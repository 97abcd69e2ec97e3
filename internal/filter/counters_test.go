package filter

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

func TestCounters(t *testing.T) {
	const (
		w         = wrapAt
		meter     = envoy.ReadingRegister
		eim       = envoy.EIMRegister
		inverters = envoy.InverterRegister
		api       = envoy.APIRegister
	)
	type sources []envoy.Register
	for _, tt := range []struct {
		name    string
		sources sources // of the readings; the last stands for the rest
		in      []float64
		want    []float64 // -1 is held back
	}{
		{"rises", sources{meter}, []float64{5, 5, 6}, []float64{5, 5, 6}},
		{"one zero", sources{meter}, []float64{5, 0, 6}, []float64{5, -1, 6}},
		{"two zeros", sources{meter}, []float64{5, 0, 0, 6}, []float64{5, -1, -1, 6}},
		{"a new meter", sources{meter}, []float64{5, 1, 1.1, 1.2, 1.3}, []float64{5, -1, -1, 1.2, 1.3}},
		{"a dip", sources{meter}, []float64{5, 4.999, 4.999, 5.1}, []float64{5, 5, 5, 5.1}},
		{"a dip that lasts", sources{meter}, []float64{500, 499.999, 499.999, 499.999, 499.999, 500.1}, []float64{500, 500, 500, 500, 500, 500.1}},
		{"an older answer", sources{meter}, []float64{500, 499, 500.1}, []float64{500, -1, 500.1}},
		{"an older answer that lasts", sources{meter}, []float64{500, 499, 499, 499.1, 499.9, 499.8, 500.1}, []float64{500, -1, -1, 500, 500, 500, 500.1}},
		{"a fall far from zero", sources{meter}, []float64{7000, 3000, 3000, 3000, 3001, 6999, 7000.1}, []float64{7000, -1, -1, 7000, 7000, 7000, 7000.1}},
		{"a new meter after that", sources{meter}, []float64{7000, 3000, 3000, 3000, 0.5, 0.6, 0.7, 0.8}, []float64{7000, -1, -1, 7000, -1, -1, 0.7, 0.8}},
		{"zeros that last", sources{meter}, []float64{7000, 0, 0, 0, 0, 7000.1}, []float64{7000, -1, -1, -1, -1, 7000.1}},
		{"zeros of a new meter", sources{meter}, []float64{7000, 0, 0, 0, 0.1, 0.2, 0.3}, []float64{7000, -1, -1, -1, -1, -1, 0.3}},
		{"falls on and on", sources{meter}, []float64{5, 4, 3, 2, 1}, []float64{5, -1, -1, -1, -1}},
		{"disagreeing", sources{meter}, []float64{500, 0, 300, 0, 300, 501}, []float64{500, -1, -1, -1, -1, 501}},
		{"zeros at the start", sources{meter}, []float64{0, 0, 7}, []float64{-1, -1, 7}},
		{"a meter that is new", sources{meter}, []float64{0, 0, 0, 0, 0, 0, 0, 0.1}, []float64{-1, -1, 0, 0, 0, 0, 0, 0.1}},
		{"negative", sources{meter}, []float64{-3, -3, -3, -3, 1}, []float64{-1, -1, -1, -1, 1}},
		{"one leap", sources{meter}, []float64{5, 3000, 6}, []float64{5, -1, 6}},
		{"a leap that stays", sources{meter}, []float64{5, 3000, 3000, 3000.1}, []float64{5, -1, -1, 3000.1}},
		{"a night without answers", sources{meter}, []float64{5, 12}, []float64{5, 12}},
		{"another source, a little less", sources{meter, eim}, []float64{5, 4.9, 4.9, 4.9, 4.9, 5.1}, []float64{5, -1, -1, -1, -1, 5.1}},
		{"another source, far off", sources{meter, eim}, []float64{5, 900, 900, 900, 901}, []float64{5, -1, -1, -1, -1}},
		{"there and back", sources{meter, eim, meter}, []float64{5, 900, 5.2}, []float64{5, -1, 5.2}},
		{"the inverters' sum, which has wrapped", sources{api, inverters}, []float64{3*w + 5, 4.9, 5.5, 6}, []float64{3*w + 5, -1, 3*w + 5.5, 3*w + 6}},
		{"the inverters' other sum, which has not", sources{inverters, api}, []float64{5, 3*w + 5.5, 3*w + 6}, []float64{5, 5.5, 6}},
		{"the inverters' sum after a meter, which counted more", sources{eim, inverters}, []float64{3*w + 5, 5.5, 6}, []float64{3*w + 5, -1, -1}},
		{"the inverters' sum, far off", sources{api, inverters}, []float64{3*w + 5, 50, 51}, []float64{3*w + 5, -1, -1}},
		{"a meter after the inverters' sum", sources{inverters, eim}, []float64{w - 1, w - 2, 2 * w}, []float64{w - 1, -1, -1}},
		{"2^32 J", sources{inverters}, []float64{w - 1, w - 0.5, 0.2, 0.4}, []float64{w - 1, w - 0.5, w + 0.2, w + 0.4}},
		{"2^32 J twice", sources{inverters}, []float64{w - 0.1, 0.2, w - 0.1, w - 0.1, w - 0.09, 0.2}, []float64{w - 0.1, w + 0.2, -1, -1, w + w - 0.09, w + w + 0.2}},
		{"a CT does not wrap", sources{eim}, []float64{w - 1, 0.2, 0.3}, []float64{w - 1, -1, -1}},
	} {
		var c Counters
		now := time.Now()
		for i, v := range tt.in {
			var s envoy.Sample
			s.Meters = []envoy.Meter{{Measurement: envoy.Production, Phases: make([]envoy.Channel, 1)}}
			s.Meters[0].Register = tt.sources[min(i, len(tt.sources)-1)]
			s.Meters[0].Total.Set(envoy.Energy, v)
			s.Meters[0].Phases[0].Set(envoy.Energy, v+1000)
			out := c.Apply(s, now.Add(time.Duration(i)*time.Minute))
			got, ok := out.Meters[0].Total.Get(envoy.Energy)
			if !ok {
				got = -1
			}
			if math.Abs(got-tt.want[i]) > 1e-9 {
				t.Errorf("%s: reading %d, %v, is published as %v, want %v", tt.name, i+1, v, got, tt.want[i])
			}
			if _, ok := s.Meters[0].Total.Get(envoy.Energy); !ok {
				t.Errorf("%s: Apply changed its argument", tt.name)
			}
		}
	}
}

// TestOtherCounterForDays: another source that is far off does not become plausible with
// time, also over restarts, and one that is behind is used from the old value on.
func TestOtherCounterForDays(t *testing.T) {
	for _, tt := range []struct {
		name        string
		first, want float64 // of the other source; and its value that is published first, 0 for none
	}{
		{"above", 2500, 0},
		{"below", 490, 500.25},
	} {
		var log bytes.Buffer
		c := &Counters{Log: zerolog.New(&log)}
		now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		energy := func(source envoy.Register, kWh float64) float64 {
			s := envoy.Sample{Meters: []envoy.Meter{{Measurement: envoy.Production, Register: source}}}
			s.Meters[0].Total.Set(envoy.Energy, kWh)
			v, _ := c.Apply(s, now).Meters[0].Total.Get(envoy.Energy)
			return v
		}
		energy(envoy.EIMRegister, 500.25)
		got := 0.0
		var saved State
		for i := 0; i < 10*24*4 && got == 0; i++ {
			now = now.Add(15 * time.Minute)
			got = energy(envoy.InverterRegister+envoy.Register(i%2), tt.first+float64(i)*0.25)
			c.SaveIfChanged(func(s State) bool { saved = s; return true })
			if i%40 == 39 {
				now = now.Add(100 * time.Hour) // while nothing runs
				c = &Counters{Log: c.Log}
				c.Restore(saved)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %v kWh are published, want %v", tt.name, got, tt.want)
		}
		if !strings.Contains(log.String(), "withheld") {
			t.Errorf("%s: log %q", tt.name, log.String())
		}
	}
}

// TestComputedCounter: total consumption that is computed follows the counters
// that are published, and falls only where they say so.
func TestComputedCounter(t *testing.T) {
	answer := func(made, in, out float64) envoy.Sample {
		pv := envoy.Meter{Measurement: envoy.Production, Register: envoy.ReadingRegister}
		pv.Total.Set(envoy.Energy, made)
		net := envoy.Meter{Measurement: envoy.NetConsumption, Register: envoy.ReadingRegister}
		net.Total.Set(envoy.EnergyImport, in)
		net.Total.Set(envoy.EnergyExport, out)
		total := envoy.Meter{Measurement: envoy.TotalConsumption, Register: envoy.ComputedRegister}
		total.Total.Set(envoy.Energy, made+in-out)
		return envoy.Sample{Meters: []envoy.Meter{pv, net, total}}
	}
	var c Counters
	now := time.Now()
	for i, row := range []struct{ made, in, out, want float64 }{ // -1 is nothing
		{5000, 7069.263, 300, 11769.263},
		{5000, 7069.262, 300, 11769.263}, // import dips
		{5000, 7069.262, 299.999, 11769.263},
		{5000.001, 7069.262, 300, 11769.264},
		{5000.001, 7069.264, 300.01, 11769.255}, // a battery exports
		{5000.001, 7069.264, 301, 11768.265},
		{5000.001, 0, 301, -1}, // one bad answer
		{5000.001, 7069.264, 301, 11768.265},
	} {
		out := c.Apply(answer(row.made, row.in, row.out), now.Add(time.Duration(i)*5*time.Second))
		got, ok := out.Meters[2].Total.Get(envoy.Energy)
		if !ok {
			got = -1
		}
		if math.Abs(got-row.want) > 1e-9 {
			t.Errorf("reading %d: total consumption %v, want %v", i+1, got, row.want)
		}
	}

	// The gateway's own total is another counter, in place of ours and before it.
	other := envoy.Sample{Meters: []envoy.Meter{{Measurement: envoy.TotalConsumption, Register: envoy.EIMRegister}}}
	other.Meters[0].Total.Set(envoy.Energy, 11500)
	if got, ok := c.Apply(other, now.Add(time.Minute)).Meters[0].Total.Get(envoy.Energy); ok {
		t.Errorf("the gateway's own total, far from ours, is published as %v", got)
	}
	c = Counters{}
	c.Apply(other, now)
	if got, ok := c.Apply(answer(5000, 7069.263, 300), now.Add(time.Minute)).Meters[2].Total.Get(envoy.Energy); ok {
		t.Errorf("our total, far from the gateway's own, is published as %v", got)
	}
}

// TestCounterThatMayFall: /production.json does not say whether it computes total
// consumption. Rounding is held, a fall that a battery can cause is not.
func TestCounterThatMayFall(t *testing.T) {
	var c Counters
	now := time.Now()
	for i, row := range []struct{ value, want float64 }{ // -1 is nothing
		{11769.263, 11769.263},
		{11769.262, 11769.263},
		{11769.264, 11769.264},
		{11768.264, 11768.264},
		{11760, 11760},
		{0, -1},
		{5000, -1},
		{5000, -1},
		{5000, 11760}, // far from zero, and more than a battery exports
		{5000.1, 11760},
		{11759, 11759},
	} {
		s := envoy.Sample{Meters: []envoy.Meter{{Measurement: envoy.TotalConsumption, Register: envoy.EIMRegister}}}
		s.Meters[0].Total.Set(envoy.Energy, row.value)
		got, ok := c.Apply(s, now.Add(time.Duration(i)*5*time.Second)).Meters[0].Total.Get(envoy.Energy)
		if !ok {
			got = -1
		}
		if math.Abs(got-row.want) > 1e-9 {
			t.Errorf("reading %d, %v, is published as %v, want %v", i+1, row.value, got, row.want)
		}
	}
}
