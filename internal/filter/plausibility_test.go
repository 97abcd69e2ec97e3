package filter

import (
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// TestPlausibility feeds a day of samples, one a minute.
func TestPlausibility(t *testing.T) {
	sample := func(pv, net, total float64) envoy.Sample {
		s := envoy.Sample{HasCT: true}
		for m, w := range map[envoy.Measurement]float64{envoy.Production: pv, envoy.NetConsumption: net, envoy.TotalConsumption: total} {
			meter := envoy.Meter{Measurement: m}
			meter.Total.Set(envoy.Power, w)
			s.Meters = append(s.Meters, meter)
		}
		return s
	}
	type minutes struct {
		n      int
		s      envoy.Sample
		asleep bool
		want   string // what stands at the end
	}
	for name, rows := range map[string][]minutes{
		"a day": {
			{600, sample(-8, 300, 292), true, ""}, {600, sample(4000, -3500, 500), false, ""}, {300, sample(-60, 300, 240), true, ""},
		},
		"reversed": {
			{9, sample(-4000, 4500, 500), false, ""},
			{5, sample(-4000, 4500, 500), false, "negative"},
			{600, sample(-8, 300, 292), true, "negative"},
			{9, sample(4000, -3500, 500), false, "negative"},
			{5, sample(4000, -3500, 500), false, ""},
		},
		"a cloud between": {{9, sample(-4000, 4500, 500), false, ""}, {1, sample(0, 500, 500), false, ""}, {9, sample(-4000, 4500, 500), false, ""}},
		"power at night":  {{20, sample(900, 300, 1200), true, "sleeps"}, {60, sample(900, 300, 1200), false, "sleeps"}, {20, sample(-5, 300, 295), true, ""}},
		"does not add up": {{20, sample(900, 300, 300), false, "belong together"}, {20, sample(900, 300, 1200), false, ""}},
	} {
		var p Plausibility
		now := time.Unix(1700000000, 0)
		for i, row := range rows {
			for range row.n {
				p.Update(row.s, row.asleep, now)
				now = now.Add(time.Minute)
			}
			got := strings.Join(p.Problems(), "; ")
			if row.want == "" && got != "" || !strings.Contains(got, row.want) {
				t.Errorf("%s, row %d: %q, want %q", name, i, got, row.want)
			}
		}
	}
	var p Plausibility
	s := sample(-4000, 0, 0)
	s.HasCT = false
	for i := range 100 {
		if p.Update(s, false, time.Unix(int64(i)*60, 0)) {
			t.Error("the inverters' own sum cannot have a CT that is reversed")
		}
	}
}
