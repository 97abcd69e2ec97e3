package bridge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestLimitStops: what becomes of a lease when the bridge ends, and at the next start.
func TestLimitStops(t *testing.T) {
	for _, tt := range []struct {
		name, payload string
		cause         error
		away          bool // the gateway, at the end
		run           string
		disabled      bool // at the next start
		ended, after  int  // writes until the end, and until two minutes after the next start
	}{
		{"stop", `{"export":100,"for":"1h"}`, nil, false, "run 2", false, 2, 2},
		{"stop without the gateway", `{"export":100,"for":"1h"}`, nil, true, "run 2", false, 1, 2},
		{"stop, forever", `{"export":100,"for":"forever"}`, nil, false, "run 2", false, 1, 1},
		{"stop, LIMIT off", `{"export":100,"for":"forever"}`, nil, false, "run 2", true, 1, 2},
		{"reload", `{"export":100,"for":"1h"}`, bridge.ErrHandover, false, "run 1", false, 1, 1},
		{"reload, LIMIT off", `{"export":100,"for":"1h"}`, bridge.ErrHandover, false, "run 1", true, 1, 2},
		{"reload without the section", `{"export":100,"for":"forever"}`, bridge.RemovedGateways{"ENVOY"}, false, "run 1", false, 2, 2},
		{"crash", `{"export":100,"for":"1h"}`, bridge.ErrHandover, false, "run 2", false, 1, 2}, // that is all a crash leaves
		{"production off", `{"production_off":true,"for":"1h"}`, nil, false, "run 2", false, 2, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newLimitRig(new(envoytest.PowerLimiter))
				r.run(t, tt.cause, func() {
					r.send(tt.payload)
					time.Sleep(12 * time.Second)
					if tt.away {
						r.gateway.Fault(envoytest.Busy, -1)
					}
				})
				r.wantWrites(t, tt.ended)
				r.gateway.Clear()
				r.configure(tt.run, !tt.disabled)
				if tt.run == "run 2" || tt.disabled { // not as recorded
					r.Recording = nil
				}
				r.run(t, bridge.ErrHandover, func() { time.Sleep(3 * time.Minute) })
				r.wantWrites(t, tt.after)
				if has := r.journal.has(serial); has != (tt.after == 1) {
					t.Errorf("the journal has a lease: %t", has)
				}
				r.Recording = nil
				r.end(t)
			})
		})
	}
}
