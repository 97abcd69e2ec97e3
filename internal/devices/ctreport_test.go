package devices

import (
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
)

func TestWiring(t *testing.T) {
	for _, tt := range []struct {
		name      string
		config    device.MeterConfig
		corrected bool
		want      []string // a piece of each problem
	}{
		{"well", device.MeterConfig{Kind: "production", Enabled: true, Status: "normal"}, false, nil},
		{"not reported", device.MeterConfig{Kind: "production", Enabled: true}, false, nil},
		{"a status of the future", device.MeterConfig{Kind: "production", Enabled: true, Status: "dreaming"}, false, nil},
		{"reversed production", device.MeterConfig{Kind: "production", Enabled: true, Status: "check-wiring", Flags: []string{"negative-production"}}, false, []string{"production CT: its arrow"}},
		{"reversed production is not what POWER_MULTIPLIER turns", device.MeterConfig{Kind: "production", Enabled: true, Flags: []string{"negative-production"}}, true, []string{"production CT: its arrow"}},
		{"reversed net", device.MeterConfig{Kind: "net-consumption", Enabled: true, Status: "check-wiring", Flags: []string{"negative-total-consumption"}}, false, []string{"POWER_MULTIPLIER = -1"}},
		{"reversed net, no flags", device.MeterConfig{Kind: "net-consumption", Enabled: true, Status: "check-wiring"}, false, []string{"POWER_MULTIPLIER = -1"}},
		{"corrected net", device.MeterConfig{Kind: "net-consumption", Enabled: true, Status: "check-wiring", Flags: []string{"negative-total-consumption"}}, true, nil},
		{"reversed around the load", device.MeterConfig{Kind: "total-consumption", Enabled: true, Status: "check-wiring"}, false, []string{"POWER_MULTIPLIER = -1"}},
		{"corrected around the load", device.MeterConfig{Kind: "total-consumption", Enabled: true, Status: "check-wiring", Flags: []string{"negative-total-consumption"}}, true, nil},
		{"two flags, one unknown", device.MeterConfig{Kind: "evse", Enabled: true, Flags: []string{"power-on-unused-phase", "odd"}}, false, []string{"EVSE CT: there is power on a phase", "EVSE CT: odd"}},
		{"silent", device.MeterConfig{Kind: "storage", Enabled: true, Status: "not-metering"}, false, []string{"storage CT: enabled, and does not measure"}},
		{"off", device.MeterConfig{Kind: "storage", Status: "not-metering"}, false, nil},
		{"a kind of the future", device.MeterConfig{Kind: "heat-pump", Enabled: true, Status: "check-wiring"}, false, []string{"heat-pump CT: check"}},
	} {
		got := wiringProblems(tt.config, tt.corrected)
		ok := len(got) == len(tt.want)
		for i := range min(len(got), len(tt.want)) {
			ok = ok && strings.Contains(got[i], tt.want[i])
		}
		if !ok {
			t.Errorf("%s: wiringProblems = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestAdviceFits: whatever is wrong at once, Home Assistant takes the advice.
func TestAdviceFits(t *testing.T) {
	h := CTReport{isKnown: true}
	for _, production := range []float64{-4000, 900} { // reversed, and power at night
		sample := envoy.Sample{HasCT: true, Meters: []envoy.Meter{{Measurement: envoy.Production}, {Measurement: envoy.NetConsumption}, {Measurement: envoy.TotalConsumption}}}
		sample.Meters[0].Total.Set(envoy.Power, production)
		var p filter.Plausibility
		for _, now := range []time.Time{time.Unix(0, 0), time.Unix(600, 0)} {
			p.Update(sample, true, now)
		}
		h.problems = append(h.problems, p.Problems()...)
	}
	if len(h.problems) != 4 {
		t.Errorf("problems %q, want two of each", h.problems)
	}
	for flag := range flagAdvice {
		h.problems = append(h.problems, wiringProblems(device.MeterConfig{Kind: "total-consumption", Flags: []string{flag}}, false)...)
	}
	for range h.problems {
		if a := h.advice(); len(a) > maxState || !strings.Contains(a, h.problems[0]) {
			t.Errorf("advice of %d characters: %s", len(a), a)
		}
		h.problems = append(h.problems[1:], h.problems[0])
	}
}
