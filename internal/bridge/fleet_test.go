//go:build unix

package bridge_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// shard returns a rig with another bridge of a fleet, which reads the gateway of r as
// the section name.
func (r *rig) shard(number int, name, dir string, others ...string) *rig {
	s := &rig{gateway: r.gateway, server: r.server, broker: r.broker}
	s.Bridge = &bridge.Bridge{
		Gateways: []bridge.GatewayConfig{r.feed(name, r.server)},
		MQTT:     mqtt.Config{URL: r.MQTT.URL, ClientID: r.MQTT.ClientID + name, Dial: r.broker.Dial},
		Log:      zerolog.New(zerolog.SyncWriter(&s.log)).Level(zerolog.InfoLevel),
		Fleet:    &bridge.Fleet{Shard: number, Others: func() ([]string, bool) { return others, true }},
	}
	s.Gateways[0].Lock = state.NewGatewayLock(dir, name, "", "shard")
	return s
}

// end stops the bridge of a rig, and releases its lock.
func (r *rig) end(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	for _, g := range r.Gateways {
		g.Client.CloseIdle()
		g.Lock.(*state.GatewayLock).Close()
	}
}

// requests returns the paths that the gateway was asked for since a moment.
func (r *rig) requests(since time.Time) (paths []string) {
	for _, q := range r.gateway.Requests() {
		if q.Time.After(since) {
			paths = append(paths, q.Path)
		}
	}
	return paths
}

// TestMove checks that a gateway that moves to another shard is read by one process
// at a time, and that it is online afterwards.
func TestMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, dir := newRig(&envoytest.Gateway{Phases: 3}), t.TempDir()
		first := old.shard(1, "ENVOY", dir)
		first.start(t)
		time.Sleep(time.Minute)
		second := old.shard(2, "ENVOY", dir)
		second.MQTT.ClientID = "second"
		second.Gateways[0].Serial = serial // as it is known
		began := time.Now()
		second.start(t)
		time.Sleep(5*time.Minute + 500*time.Millisecond) // the stop is between two attempts to lock
		if n := len(old.since(began, liveTopic)); n < 59 || n > 61 {
			t.Errorf("%d live documents in 5 minutes of two processes, want 60", n)
		}
		if n := len(slices.DeleteFunc(old.requests(began), func(path string) bool { return path != "/info" })); n > 1 {
			t.Errorf("/info was read %d times", n)
		}
		if s := second.Snapshot().Gateways[0]; s.Online || s.Err == nil || s.Serial != "" || time.Since(s.Polled) > 2*time.Second {
			t.Errorf("the waiting shard reports %+v", s)
		}
		stopped := time.Now()
		first.end(t)
		old.wantRetained(t, availTopic, "offline")
		time.Sleep(3 * time.Second)
		old.wantRetained(t, availTopic, "online")
		old.wantRetained(t, "envoy/bridge-1/state", "offline")
		old.wantRetained(t, "envoy/bridge-2/state", "online")
		if len(old.since(stopped, liveTopic)) == 0 {
			t.Error("the gateway is not read 3 s after its shard has stopped")
		}
		time.Sleep(time.Minute)
		if config, _ := old.broker.Retained(configTopic); !strings.Contains(config, `"envoy/bridge-2/state"`) || !strings.Contains(config, `"via_device":"envoy_shard-2_bridge"`) || strings.Contains(config, "bridge-1") {
			t.Errorf("the document is %.300s", config)
		}
		second.end(t)
		old.broker.Close()
		old.server.Close()
		for _, message := range []string{"gateway not locked yet, waiting", "gateway still not locked, it is not read here"} {
			if n := strings.Count(second.log.String(), message); n != 1 {
				t.Errorf("logged %d times: %s", n, message)
			}
		}
	})
}

// TestExchangeInFleet checks that a gateway that was exchanged is locked and published,
// and that the lock of the old one is released.
func TestExchangeInFleet(t *testing.T) {
	const successor = "122200000009"
	synctest.Test(t, func(t *testing.T) {
		old, dir := newRig(&envoytest.Gateway{Phases: 3}), t.TempDir()
		first := old.shard(1, "ENVOY", dir)
		first.start(t)
		time.Sleep(time.Minute)
		old.server.Refuse(true)
		time.Sleep(time.Minute)
		old.gateway.Change(func(g *envoytest.Gateway) { g.Serial = successor })
		old.server.Refuse(false)
		time.Sleep(3 * time.Minute)
		old.wantRetained(t, availTopic, "offline")
		old.wantRetained(t, "envoy/"+successor+"/availability", "online")
		lock := first.Gateways[0].Lock
		if !lock.Holds(successor) {
			t.Error("the new gateway is not locked")
		}
		old.server.Refuse(true) // the next session
		time.Sleep(time.Minute)
		old.server.Refuse(false)
		time.Sleep(time.Minute)
		old.wantRetained(t, "envoy/"+successor+"/availability", "online")
		if !lock.Holds(successor) || lock.Holds(serial) {
			t.Errorf("locks: new gateway %t, old gateway %t, want true, false", lock.Holds(successor), lock.Holds(serial))
		}
		first.end(t)
		old.broker.Close()
		old.server.Close()
	})
}

// TestTwoSections checks that two sections of two shards that are the same gateway do
// not both read it.
func TestTwoSections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, dir := newRig(&envoytest.Gateway{Phases: 3}), t.TempDir()
		first := old.shard(1, "ENVOY", dir)
		first.start(t)
		time.Sleep(10 * time.Second)
		began := time.Now()
		second := old.shard(2, "ENVOY_AGAIN", dir)
		second.start(t)
		time.Sleep(20 * time.Minute)
		if n := len(old.since(began, liveTopic)); n < 238 || n > 242 {
			t.Errorf("%d live documents in 20 minutes, want 240", n)
		}
		if n := len(slices.DeleteFunc(old.requests(began), func(path string) bool { return path != "/info" })); n > 6 {
			t.Errorf("/info was read %d times in 20 minutes, want once in five, and once an hour of the first", n)
		}
		old.wantRetained(t, availTopic, "online")
		second.end(t)
		old.wantRetained(t, availTopic, "online") // it is not the second's
		first.end(t)
		old.wantRetained(t, availTopic, "offline")
		old.broker.Close()
		old.server.Close()
	})
}

// TestForeign checks that a shard clears what it has published of gateways that are
// gone, but not of those that another shard has now.
func TestForeign(t *testing.T) {
	const moved, gone = "122200000002", "122200000003"
	synctest.Test(t, func(t *testing.T) {
		old := newRig(&envoytest.Gateway{Phases: 3})
		for _, s := range []string{moved, gone} {
			old.broker.Publish("envoy/"+s+"/availability", "online", true)
			old.broker.Publish("homeassistant/device/envoy_"+s+"/config", `{"device":{"identifiers":["envoy_`+s+`"]},"origin":{"name":"envoy-mqtt"},"availability":[{"topic":"envoy/bridge-1/state"},{"topic":"envoy/`+s+`/availability"}]}`, true)
		}
		first := old.shard(1, "ENVOY", t.TempDir())
		var isComplete atomic.Bool
		first.Fleet.Others = func() ([]string, bool) { return []string{moved}, isComplete.Load() }
		first.Previous = []hass.Namespace{{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial, moved, gone}}}
		var cleaned []string
		first.OnCleaned = func(n hass.Namespace) { cleaned = append(cleaned, n.Serials...) }
		first.start(t)
		time.Sleep(5 * time.Minute)
		if _, ok := old.broker.Retained("envoy/" + gone + "/availability"); !ok {
			t.Error("topics are cleared before all gateways of the fleet are known")
		}
		isComplete.Store(true)
		time.Sleep(5 * time.Minute)
		for _, topic := range []string{"envoy/" + gone + "/availability", "homeassistant/device/envoy_" + gone + "/config"} {
			if _, ok := old.broker.Retained(topic); ok {
				t.Errorf("%s is left", topic)
			}
		}
		for _, topic := range []string{"envoy/" + moved + "/availability", "homeassistant/device/envoy_" + moved + "/config", availTopic, configTopic} {
			if _, ok := old.broker.Retained(topic); !ok {
				t.Errorf("%s was cleared", topic)
			}
		}
		if !slices.Equal(cleaned, []string{gone}) {
			t.Errorf("cleaned %v, want %s", cleaned, gone)
		}
		first.end(t)
		old.broker.Close()
		old.server.Close()
	})
}
