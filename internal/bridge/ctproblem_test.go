package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestCTHealth: what the gateway finds wrong with its CTs, and what to do.
func TestCTHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Flags: map[string][]string{"net-consumption": {"negative-total-consumption"}}})
		r.start(t)
		time.Sleep(50 * time.Second) // answer times follow at a minute
		info := "envoy/" + serial + "/info/"
		r.wantRetained(t, info+"ct_problem", "ON")
		if advice, _ := r.broker.Retained(info + "ct_advice"); !strings.Contains(advice, "POWER_MULTIPLIER = -1") {
			t.Errorf("advice %q", advice)
		}
		r.wantRetained(t, info+"net_consumption_ct_metering_status", "check-wiring")
		r.wantRetained(t, info+"net_consumption_ct_status_flags", "1")
		r.wantRetained(t, info+"production_ct_metering_status", "normal")
		r.wantRetained(t, info+"production_ct_status_flags", "0")
		r.checkDiscovery(t)
		r.gateway.Change(func(g *envoytest.Gateway) { g.Flags = nil })
		time.Sleep(15 * time.Minute)
		r.wantRetained(t, info+"ct_problem", "OFF")
		r.wantRetained(t, info+"ct_advice", "nothing to do")
		if n := r.broker.Count(info + "ct_advice"); n != 2 {
			t.Errorf("the advice was sent %d times, want at its two changes", n)
		}
		r.stop(t)
	})
}
