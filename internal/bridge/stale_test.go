package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestOfflineSaysWhy: the log tells why a gateway went offline, also when its
// answers were skipped in silence or are still awaited, nothing twice, and when it is back.
func TestOfflineSaysWhy(t *testing.T) {
	for _, row := range []struct {
		fault  envoytest.Fault
		source envoy.Source
		want   string
	}{
		{envoytest.Zero, envoy.AutoSource, "answer skipped: "},
		{envoytest.Hang, envoy.FromProduction, `"error":"no response yet"`},
		{envoytest.Hang, envoy.AutoSource, `"after":"30s","message"`}, // the error was said before
		{envoytest.Garbage, envoy.AutoSource, `"after":"30s","message"`},
	} {
		fault, want := row.fault, row.want
		t.Run(string(fault)+", "+row.source.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{Phases: 3, Start: morning()})
				r.Gateways[0].Client.Source = row.source
				r.start(t)
				time.Sleep(time.Minute)
				r.gateway.FaultFor(fault, 40*time.Second)
				time.Sleep(3 * time.Minute)
				r.stop(t)
				offline := ""
				for line := range strings.Lines(r.log.String()) {
					if strings.Contains(line, "gateway offline, no valid reading") {
						offline = line
					}
				}
				if !strings.Contains(offline, want) {
					t.Errorf("going offline is logged as %q, want %q in it", offline, want)
				}
				if n := strings.Count(r.log.String(), "gateway is back"); n != 1 {
					t.Errorf("its return is logged %d times, want 1:\n%s", n, r.log.String())
				}
			})
		})
	}
}
