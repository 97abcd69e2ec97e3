package bridge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestLimitLease: a command is applied, read back and measured, and ends.
func TestLimitLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(&envoytest.PowerLimiter{Delay: 75 * time.Second})
		r.run(t, nil, func() {
			r.send(`{"production": 500, "for": "10m"}`)
			time.Sleep(5 * time.Minute)
			for topic, want := range map[string]string{"state": "active", "power": "500", "applies_to": "production"} {
				r.wantRetained(t, "envoy/"+serial+"/limit/"+topic, want)
			}
			if !r.journal.has(serial) {
				t.Error("nothing is in the journal")
			}
			time.Sleep(6 * time.Minute)
			r.wantRetained(t, "envoy/"+serial+"/limit/state", "off")
			if r.journal.has(serial) {
				t.Error("the journal was not removed")
			}
		})
		if got, want := r.statuses(), "accepted applied effective expired"; got != want {
			t.Errorf("results %q, want %q", got, want)
		}
		r.wantWrites(t, 2)
		r.end(t)
	})
}

// TestLimitTwoSections: of two sections with the same gateway one carries a command
// out.
func TestLimitTwoSections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(new(envoytest.PowerLimiter))
		second := r.feed("ENVOY2", r.server)
		second.Limit = r.Gateways[0].Limit
		r.Gateways = append(r.Gateways, second)
		r.run(t, nil, func() {
			r.send(`{"export":0,"for":"1m"}`)
			time.Sleep(2 * time.Minute)
		})
		r.wantWrites(t, 2)
		second.Client.CloseIdle()
		r.end(t)
	})
}
