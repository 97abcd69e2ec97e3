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

// A totalObserver receives the sums.
type totalObserver struct {
	bridge.BaseObserver
	sums chan envoy.Sample
}

func (o totalObserver) Totaled(_ bridge.GatewayState, sum *envoy.Sample) {
	if sum != nil {
		o.sums <- *sum
	}
}

// TestTotalWithUnmeasuredBatteries: observers know of batteries that no CT measures.
func TestTotalWithUnmeasuredBatteries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, garage, closeGarage := newTotalRig(morning())
		garage.Change(func(g *envoytest.Gateway) { g.Batteries = 2 })
		o := totalObserver{sums: make(chan envoy.Sample, 1000)}
		r.Observers = append(r.Observers, o)
		r.start(t)
		time.Sleep(2 * time.Minute)
		r.stop(t)
		closeGarage()
		close(o.sums)
		var last envoy.Sample
		for sum := range o.sums {
			last = sum
		}
		if m, ok := last.Meter(envoy.Storage); !ok || m.Total != (envoy.Channel{}) {
			t.Errorf("the batteries of the last sum are %v, %t, want some without a value", m.Total, ok)
		}
		if m := r.since(time.Time{}, "envoy/total/live"); strings.Contains(m[len(m)-1].Payload, "storage") {
			t.Errorf("%s: batteries are published", m[len(m)-1].Payload)
		}
	})
}
