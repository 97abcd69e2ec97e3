package bridge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestSlowBatteries: batteries that answer slowly are asked more rarely, and
// what is told of them does not expire before they are asked again.
func TestSlowBatteries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := 9500 * time.Millisecond
		r := newRig(&envoytest.Gateway{Batteries: 2, Start: morning(), Latencies: map[string]time.Duration{
			"/ivp/ensemble/inventory": 6 * time.Second, "/ivp/ensemble/power": slow, "/ivp/ensemble/secctrl": slow,
		}})
		r.Feeds[0].Client.Source = envoy.AutoSource
		r.start(t)
		time.Sleep(time.Minute)
		for range 600 {
			time.Sleep(time.Second)
			for _, key := range []string{"storage/power", "house/power", "storage/soc", "battery/" + batterySN(0)} {
				if _, ok := r.broker.Retained("envoy/" + serial + "/" + key); !ok {
					t.Fatalf("%s has expired although the batteries answer", key)
				}
			}
		}
		r.stop(t)
	})
}
