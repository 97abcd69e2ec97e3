package bridge_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestTwoGateways: a dead gateway does not hold up the other, and its first
// word is that it is offline.
func TestTwoGateways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3})
		dead := envoytest.NewServer(new(envoytest.Gateway))
		defer dead.Close()
		dead.Refuse(true)
		r.Gateways = append(r.Gateways, r.feed("ENVOY_GARAGE", dead))
		r.Gateways[1].Serial = "122200000002" // as it was last seen
		start := time.Now()
		r.start(t)
		time.Sleep(5*time.Minute - time.Second)
		r.wantRetained(t, availTopic, "online")
		r.wantRetained(t, "envoy/122200000002/availability", "offline")
		r.wantRetained(t, "envoy/bridge/gateways", "1")
		r.stop(t)
		if n := len(r.since(start.Add(-1), liveTopic)); n != 60 {
			t.Errorf("%d live documents in 5 minutes beside a dead gateway, want 60", n)
		}
		if n := strings.Count(r.log.String(), "ENVOY_GARAGE"); n != 1 {
			t.Errorf("the dead gateway is in the log %d times, want once:\n%s", n, r.log.String())
		}
	})
}

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

// TestFrozenGateway: a reading that stands still is no good sample.
func TestFrozenGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		r.start(t)
		time.Sleep(time.Minute)
		frozen := time.Now()
		r.gateway.Fault(envoytest.Frozen, -1)
		time.Sleep(10 * time.Minute)
		r.wantRetained(t, availTopic, "offline")
		lives := r.since(frozen.Add(35*time.Second), liveTopic)
		if len(lives) != 0 {
			t.Errorf("%d live documents of a frozen gateway, the last at %v after the first", len(lives), lives[len(lives)-1].Time.Sub(frozen))
		}
		r.gateway.Clear()
		time.Sleep(2 * time.Minute)
		r.wantRetained(t, availTopic, "online")
		r.stop(t)
		if !strings.Contains(r.log.String(), "frozen") {
			t.Errorf("the log does not say frozen:\n%s", r.log.String())
		}
	})
}

// TestEveryFault: whatever a gateway does for a minute, under live there are
// only values that it measured, and everything is back soon after.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for _, source := range []envoy.Source{envoy.FromProduction, envoy.AutoSource} {
		for _, fault := range envoytest.All {
			t.Run(source.String()+" "+string(fault), func(t *testing.T) { everyFault(t, source, fault) })
		}
	}
}

func everyFault(t *testing.T, source envoy.Source, fault envoytest.Fault) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: time.Now().Add(12 * time.Hour)})
		r.Gateways[0].Client.Source = source
		r.start(t)
		time.Sleep(time.Minute)
		r.gateway.FaultFor(fault, time.Minute)
		time.Sleep(4 * time.Minute)
		r.wantRetained(t, availTopic, "online")
		if len(r.since(time.Now().Add(-6*time.Second), liveTopic)) == 0 {
			t.Error("no live documents long after the fault")
		}
		r.stop(t)

		reported := map[float64]bool{}
		for _, q := range r.gateway.Requests() {
			if q.Reading != nil {
				reported[q.Reading.Net.Total.Power] = true
			}
		}
		last := 0.0
		for _, m := range r.broker.Messages() {
			switch m.Topic {
			case liveTopic:
				var doc struct{ Grid struct{ Power *float64 } }
				if err := json.Unmarshal([]byte(m.Payload), &doc); err != nil || doc.Grid.Power == nil || !reported[*doc.Grid.Power] {
					t.Errorf("%s was never measured (%v)", m.Payload, err)
				}
			case energyTopic:
				var v float64
				if err := json.Unmarshal([]byte(m.Payload), &v); err != nil || v < last || v == 0 {
					t.Errorf("energy %s after %v (%v)", m.Payload, last, err)
				}
				last = v
			}
		}
	})
}

// TestFrozenBroker: after a broker that stood still for ten seconds comes one
// late sample at most.
func TestFrozenBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		r.Gateways[0].Interval = time.Second
		r.start(t)
		time.Sleep(time.Minute)
		r.broker.Freeze()
		time.Sleep(10 * time.Second)
		r.broker.Thaw()
		thaw := time.Now()
		time.Sleep(time.Minute)
		late := 0
		for _, m := range r.since(thaw.Add(-1), liveTopic) {
			var doc struct{ TS time.Time }
			if err := json.Unmarshal([]byte(m.Payload), &doc); err != nil {
				t.Fatal(err)
			}
			if m.Time.Sub(doc.TS) > time.Second {
				late++
			}
		}
		r.wantRetained(t, stateTopic, "online")
		r.stop(t)
		if late > 1 {
			t.Errorf("%d late live documents after a freeze, want 1 at most", late)
		}
	})
}

// TestWillSpeaks: when the broker does not take the last words, the connection
// ends without a goodbye and the Will says it.
func TestWillSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		r.start(t)
		time.Sleep(time.Minute)
		r.broker.Freeze()
		start := time.Now()
		r.cancel()
		if err := <-r.done; err != nil || time.Since(start) > 5*time.Second {
			t.Errorf("Run = %v after %v, want nil within 5s", err, time.Since(start))
		}
		r.broker.Thaw()
		time.Sleep(10 * time.Second)
		r.wantRetained(t, stateTopic, "offline")
		r.done <- nil
		r.stop(t)
	})
}

// TestLateEverything: neither gateway nor broker is there at the start.
func TestLateEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		r.server.Refuse(true)
		r.broker.Refuse(0x88)
		r.start(t)
		time.Sleep(time.Hour)
		r.server.Refuse(false)
		time.Sleep(5 * time.Minute)
		r.broker.Refuse(0)
		time.Sleep(5 * time.Minute)
		r.wantRetained(t, availTopic, "online")
		r.wantRetained(t, stateTopic, "online")
		r.stop(t)
		if n := strings.Count(r.log.String(), "\n"); n > 10 {
			t.Errorf("%d log lines, want each side once:\n%s", n, r.log.String())
		}
	})
}

// TestLostCT: a CT that is taken away for good is missed for a while, and then
// what is left is published without it.
func TestLostCT(t *testing.T) {
	for _, source := range []envoy.Source{envoy.FromProduction, envoy.AutoSource} {
		t.Run(source.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{Phases: 3})
				r.Gateways[0].Client.Source = source
				r.start(t)
				time.Sleep(time.Minute)
				r.gateway.Change(func(g *envoytest.Gateway) { g.CTs = envoytest.ProductionCT })
				lost := time.Now()
				time.Sleep(15 * time.Minute)
				r.wantRetained(t, availTopic, "online")
				r.wantRetained(t, "envoy/"+serial+"/grid/energy_import", "")
				if n := len(r.since(time.Now().Add(-time.Minute), liveTopic)); n < 11 {
					t.Errorf("%d live documents a minute long after the CT was lost", n)
				}
				first := r.since(lost.Add(70*time.Second), liveTopic)
				r.stop(t)
				for _, m := range first {
					if strings.Contains(m.Payload, `"grid"`) {
						t.Errorf("%s without a CT at the grid", m.Payload)
					}
				}
			})
		})
	}
}
