package bridge_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
