package bridge_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// reload ends the bridge as a reload does, and starts another one that takes over.
func (r *rig) reload(t *testing.T) {
	t.Helper()
	r.handOver()
	if err := <-r.done; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	r.Gateways[0].Client.CloseIdle()
	next := &bridge.Bridge{Gateways: []bridge.GatewayConfig{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log}
	next.Gateways[0].Serial, next.Gateways[0].FailSafe = serial, r.Gateways[0].FailSafe
	next.Gateways[0].Handover = r.Handover()[serial]
	r.Bridge = next
	r.startReloadable(t)
}

// startReloadable is start for a bridge that reload ends.
func (r *rig) startReloadable(t *testing.T) {
	ctx, end := context.WithCancelCause(t.Context())
	r.handOver, r.cancel, r.done = func() { end(bridge.ErrHandover) }, func() { end(nil) }, make(chan error, 1)
	go func(b *bridge.Bridge, done chan<- error) { done <- b.Run(ctx) }(r.Bridge, r.done)
}

// TestSilentDuringReload checks that a gateway that does not respond after reloads goes
// offline when its last reading is too old, with the fail-safe, and not before.
func TestSilentDuringReload(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outage  time.Duration
		offline int // messages, and fail-safe documents
	}{
		{"short", 20 * time.Second, 0},
		{"long", 2 * time.Minute, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				watts := 100.0
				r := newRig(&envoytest.Gateway{Phases: 3})
				r.Gateways[0].FailSafe = &watts
				r.startReloadable(t)
				time.Sleep(58 * time.Second)
				silent := time.Now()
				r.server.Refuse(true)
				for range 3 {
					time.Sleep(4 * time.Second)
					r.reload(t)
				}
				time.Sleep(tt.outage - 12*time.Second)
				r.wantFailSafes(t, tt.name, tt.offline)
				var offline []time.Duration
				for _, m := range r.since(silent, availTopic) {
					if m.Payload == "offline" {
						offline = append(offline, m.Time.Sub(silent))
					}
				}
				if len(offline) != tt.offline || len(offline) > 0 && (offline[0] < 24*time.Second || offline[0] > 31*time.Second) {
					t.Errorf("offline after %v, want %d, 25 to 30 s after the last reading", offline, tt.offline)
				}
				r.server.Refuse(false)
				time.Sleep(time.Minute)
				r.wantRetained(t, availTopic, "online")
				r.stop(t)
			})
		})
	}
}
