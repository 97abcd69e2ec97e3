package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestVictronCountersAfterRestart: each document for Venus OS has the counters, also if
// the gateway does not report them after a restart. The driver would use 0.
func TestVictronCountersAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: morning()})
		store := memoryStore{}
		configure := func(b *bridge.Bridge) {
			g := &b.Gateways[0]
			g.Client.Source, g.Profiles, g.Counters = envoy.AutoSource, []string{"victron"}, store
		}
		r.againUntil(t, configure, func() { time.Sleep(2 * time.Minute) })
		r.gateway.FaultAt("/ivp/meters/readings", envoytest.Busy, 2)
		r.againUntil(t, configure, func() { time.Sleep(time.Minute) })
		documents := r.since(time.Time{}, "enphase/envoy-s/meters")
		for _, m := range documents {
			if n := strings.Count(m.Payload, "energy_forward"); n != 4 {
				t.Errorf("%s: %d counters of import, want those of the whole and of three phases", m.Payload, n)
			}
		}
		if len(documents) < 20 {
			t.Errorf("%d documents", len(documents))
		}
		r.broker.Close()
		r.server.Close()
	})
}
