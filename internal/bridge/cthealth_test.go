package bridge

import (
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

func TestWiring(t *testing.T) {
	for _, tt := range []struct {
		name      string
		config    envoy.MeterConfig
		corrected bool
		want      []string // a piece of each problem
	}{
		{"well", envoy.MeterConfig{Kind: "production", Enabled: true, Status: "normal"}, false, nil},
		{"not told", envoy.MeterConfig{Kind: "production", Enabled: true}, false, nil},
		{"a status of the future", envoy.MeterConfig{Kind: "production", Enabled: true, Status: "dreaming"}, false, nil},
		{"reversed production", envoy.MeterConfig{Kind: "production", Enabled: true, Status: "check-wiring", Flags: []string{"negative-production"}}, false, []string{"production CT: its arrow"}},
		{"reversed production is not what POWER_MULTIPLIER turns", envoy.MeterConfig{Kind: "production", Enabled: true, Flags: []string{"negative-production"}}, true, []string{"production CT: its arrow"}},
		{"reversed net", envoy.MeterConfig{Kind: "net-consumption", Enabled: true, Status: "check-wiring", Flags: []string{"negative-total-consumption"}}, false, []string{"POWER_MULTIPLIER = -1"}},
		{"reversed net, no flags", envoy.MeterConfig{Kind: "net-consumption", Enabled: true, Status: "check-wiring"}, false, []string{"POWER_MULTIPLIER = -1"}},
		{"corrected net", envoy.MeterConfig{Kind: "net-consumption", Enabled: true, Status: "check-wiring", Flags: []string{"negative-total-consumption"}}, true, nil},
		{"two flags, one unknown", envoy.MeterConfig{Kind: "evse", Enabled: true, Flags: []string{"power-on-unused-phase", "odd"}}, false, []string{"EVSE CT: there is power on a phase", "EVSE CT: odd"}},
		{"silent", envoy.MeterConfig{Kind: "storage", Enabled: true, Status: "not-metering"}, false, []string{"storage CT: enabled, and does not measure"}},
		{"off", envoy.MeterConfig{Kind: "storage", Status: "not-metering"}, false, nil},
		{"a kind of the future", envoy.MeterConfig{Kind: "heat-pump", Enabled: true, Status: "check-wiring"}, false, []string{"heat-pump CT: check"}},
	} {
		got := wiring(tt.config, tt.corrected)
		ok := len(got) == len(tt.want)
		for i := range min(len(got), len(tt.want)) {
			ok = ok && strings.Contains(got[i], tt.want[i])
		}
		if !ok {
			t.Errorf("%s: wiring = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestAdviceFits: whatever is wrong at once, Home Assistant takes the advice.
func TestAdviceFits(t *testing.T) {
	h := ctHealth{judged: true}
	p := plausibility{suspicion{stands: true}, suspicion{stands: true}, suspicion{stands: true}}
	h.problems = p.problems()
	for flag := range flagAdvice {
		h.problems = append(h.problems, wiring(envoy.MeterConfig{Kind: "total-consumption", Flags: []string{flag}}, false)...)
	}
	for range h.problems {
		if a := h.advice(); len(a) > longestState || !strings.Contains(a, h.problems[0]) {
			t.Errorf("advice of %d characters: %s", len(a), a)
		}
		h.problems = append(h.problems[1:], h.problems[0])
	}
}

// TestPlausibility feeds a day of samples, one a minute.
func TestPlausibility(t *testing.T) {
	sample := func(pv, net, total float64) envoy.Sample {
		s := envoy.Sample{Metered: true}
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
		var p plausibility
		now := time.Unix(1700000000, 0)
		for i, row := range rows {
			for range row.n {
				p.observe(row.s, row.asleep, now)
				now = now.Add(time.Minute)
			}
			got := strings.Join(p.problems(), "; ")
			if row.want == "" && got != "" || !strings.Contains(got, row.want) {
				t.Errorf("%s, row %d: %q, want %q", name, i, got, row.want)
			}
		}
	}
	var p plausibility
	s := sample(-4000, 0, 0)
	s.Metered = false
	for i := range 100 {
		if p.observe(s, false, time.Unix(int64(i)*60, 0)) {
			t.Error("the inverters' own sum cannot have a CT that is reversed")
		}
	}
}
