package consumers

import (
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/shard"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// TestFleet checks that consumers in a fleet watch the bridge of the gateway's shard.
func TestFleet(t *testing.T) {
	cfg := defaultConfig(t)
	cfg.General.Shard = shard.Shard{Number: 1, Count: 5}
	g := cfg.Gateways[0]
	for section, want := range map[string]string{"ENVOY": "envoy/bridge-1/state", "ENVOY_GARAGE": "envoy/bridge-5/state"} {
		g.Section = section
		if got := NewSetup(cfg, g, state.NewGatewayStore(t.TempDir()), 3).State; got != want {
			t.Errorf("%s: %s, want %s", section, got, want)
		}
	}
}
