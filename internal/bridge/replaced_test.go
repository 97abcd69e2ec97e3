package bridge_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestReplacedGateway: another gateway answers under the same name.
func TestReplacedGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const successor = "122200000009"
		r := newRig(new(envoytest.Gateway))
		var found []string
		r.observe(func(s bridge.GatewayState) {
			if len(found) == 0 || found[len(found)-1] != s.Serial {
				found = append(found, s.Serial)
			}
		})
		r.start(t)
		time.Sleep(time.Minute)
		r.server.Refuse(true)
		time.Sleep(time.Minute)
		r.gateway.Change(func(g *envoytest.Gateway) { g.Serial = successor })
		r.server.Refuse(false)
		swap := time.Now()
		time.Sleep(3 * time.Minute)
		r.wantRetained(t, availTopic, "offline")
		r.wantRetained(t, "envoy/"+successor+"/availability", "online")
		born := time.Now()
		r.broker.Publish(birthTopic, "online", false)
		time.Sleep(10 * time.Second)
		if n := len(r.since(born, configTopic)); n != 0 {
			t.Errorf("the old gateway was announced %d times after it was replaced", n)
		}
		if n := len(r.since(born, "homeassistant/device/envoy_"+successor+"/config")); n != 1 {
			t.Errorf("the new gateway was announced %d times, want once", n)
		}
		if n := len(r.since(swap, liveTopic)); n != 0 {
			t.Errorf("%d live documents of the old gateway after it was replaced", n)
		}
		info, _ := r.broker.Retained("envoy/bridge/info")
		r.stop(t)
		r.wantRetained(t, "envoy/"+successor+"/availability", "offline")
		if len(found) != 2 || found[0] != serial || found[1] != successor || !strings.Contains(info, successor) {
			t.Errorf("found %v, info %s, want both serials and the new one", found, info)
		}
	})
}

// TestStateOfReplacedGateway checks that nothing of the old gateway's state is said of
// the one that answers in its place.
func TestStateOfReplacedGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const successor = "122200000009"
		r := newRig(&envoytest.Gateway{Phases: 3, Latency: time.Second})
		r.Gateways[0].StaleAfter = time.Minute
		var states []bridge.GatewayState
		r.observe(func(s bridge.GatewayState) { states = append(states, s) })
		r.start(t)
		time.Sleep(5 * time.Minute)
		r.server.Refuse(true)
		time.Sleep(20 * time.Second) // online still, but the session has ended
		r.gateway.Change(func(g *envoytest.Gateway) {
			g.Serial, g.Phases, g.CTs, g.Latency = successor, 1, envoytest.ProductionCT, 0
		})
		r.server.Refuse(false)
		time.Sleep(3 * time.Minute)
		median, _ := r.broker.Retained("envoy/" + successor + "/info/production_json_median")
		r.stop(t)
		first := slices.IndexFunc(states, func(s bridge.GatewayState) bool { return s.Serial == successor })
		if first < 0 {
			t.Fatalf("the new gateway is not in %+v", states)
		}
		if s := states[first]; s.Online || s.Phases != 0 || s.Source != "" {
			t.Errorf("the new gateway begins with %+v, want offline, no phases and no source", s)
		}
		for _, s := range states[first:] {
			if s.Phases != 0 {
				t.Errorf("a gateway without a CT at the grid has %d phases", s.Phases)
			}
		}
		if ms, err := strconv.Atoi(median); err != nil || ms >= 500 {
			t.Errorf("the new gateway answers at once, and its median is %q ms", median)
		}
	})
}

// A slowStore is on a disk that does not answer for a minute.
type slowStore struct{}

func (slowStore) Load(string) []byte { time.Sleep(time.Minute); return nil }

func (slowStore) Save(string, []byte) error { return nil }

// TestSlowCounterStore checks that the event loop does not wait for the counters of a
// gateway that answers in place of another one: it can still be stopped.
func TestSlowCounterStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		r.Gateways[0].Counters = slowStore{}
		r.start(t)
		time.Sleep(3 * time.Minute)
		r.wantRetained(t, availTopic, "online")
		r.server.Refuse(true)
		time.Sleep(20 * time.Second)
		r.gateway.Change(func(g *envoytest.Gateway) { g.Serial = "122200000009" })
		r.server.Refuse(false)
		time.Sleep(20 * time.Second)
		r.stop(t) // which fails after 5 s
		time.Sleep(time.Minute)
	})
}
