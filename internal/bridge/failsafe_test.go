package bridge_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// failSafes returns the failsafe documents that were published after from.
func (r *rig) failSafes(from time.Time) (docs []mqtttest.Record) {
	for _, m := range r.since(from, liveTopic) {
		if strings.Contains(m.Payload, "failsafe") {
			docs = append(docs, m)
		}
	}
	return docs
}

func (r *rig) wantFailSafes(t *testing.T, when string, want int) {
	t.Helper()
	if docs := r.failSafes(time.Time{}); len(docs) != want {
		t.Errorf("%s: %d failsafe documents, want %d: %v", when, len(docs), want, docs)
	}
}

func newFailSafeRig(phases int, watts float64) *rig {
	r := newRig(&envoytest.Gateway{Phases: phases})
	r.Gateways[0].FailSafe = &watts
	r.Gateways[0].Profiles = []string{"victron", "freeds", "vk2him-meters"}
	return r
}

// TestFailSafe: once for each time that data goes stale, and no more.
func TestFailSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFailSafeRig(3, 100)
		r.start(t)
		time.Sleep(58 * time.Second) // between two readings
		lives := len(r.since(time.Time{}, liveTopic))
		for _, topic := range []string{"Inverter/GridWatts", "enphase/envoy-s/meters", "/envoy/json"} {
			if n := len(r.since(time.Time{}, topic)); n != lives || n == 0 {
				t.Errorf("%s came %d times, want as often as live, %d", topic, n, lives)
			}
		}
		for n := 1; n <= 2; n++ {
			r.gateway.Fault(envoytest.Hang, -1)
			silent := time.Now()
			time.Sleep(24 * time.Second) // the last sample is up to 5 s older
			r.wantFailSafes(t, "before STALE_AFTER", n-1)
			time.Sleep(time.Hour)
			r.wantFailSafes(t, "after it", n)
			r.wantRetained(t, availTopic, "offline")

			late := silent.Add(10 * time.Second)
			for topic, want := range map[string]string{
				liveTopic + "/grid/power":    "100",
				liveTopic + "/grid/l1/power": "33.333",
				liveTopic + "/grid/l2/power": "33.333",
				liveTopic + "/grid/l3/power": "33.334", // so that the sum agrees
			} {
				if ms := r.since(late, topic); len(ms) != 1 || ms[0].Payload != want || ms[0].Retain {
					t.Errorf("%s: %v, want %s once, not retained", topic, ms, want)
				}
			}
			for _, topic := range []string{liveTopic + "/production/power", "Inverter/GridWatts", "enphase/envoy-s/meters", "/envoy/json"} {
				if ms := r.since(late, topic); len(ms) != 0 {
					t.Errorf("%s: %v, want silence", topic, ms)
				}
			}
			doc := r.failSafes(late)[0]
			_, said, _ := strings.Cut(doc.Payload, "Z\",")
			const want = `"failsafe":true,"grid":{"power":100,"l1":{"power":33.333},"l2":{"power":33.333},"l3":{"power":33.334}}}`
			if said != want || !json.Valid([]byte(doc.Payload)) || doc.Retain {
				t.Errorf("%+v, want %s", doc, want)
			}
			r.gateway.Clear()
			time.Sleep(5 * time.Minute)
			r.wantRetained(t, availTopic, "online")
		}
		r.wantFailSafes(t, "with fresh data", 2)
		r.stop(t)
		r.wantFailSafes(t, "after a clean stop", 2)
		if n := strings.Count(r.log.String(), "FAILSAFE sent"); n != 2 {
			t.Errorf("said %d times in the log, want 2:\n%s", n, r.log.String())
		}
	})
}

// TestFailSafeOfOnePhase has no phase level, as the live document has none.
func TestFailSafeOfOnePhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFailSafeRig(1, -50)
		r.start(t)
		time.Sleep(time.Minute)
		r.server.Refuse(true)
		time.Sleep(time.Minute)
		r.stop(t)
		docs := r.failSafes(time.Time{})
		if len(docs) != 1 || !strings.HasSuffix(docs[0].Payload, `"failsafe":true,"grid":{"power":-50}}`) {
			t.Errorf("%v, want one with -50 W", docs)
		}
	})
}

// TestNoFailSafe: nothing had been measured at the grid, or nothing is asked for.
func TestNoFailSafe(t *testing.T) {
	for _, tt := range []struct {
		name  string
		setup func(*rig)
	}{
		{"dead from the start", func(r *rig) { r.server.Refuse(true); r.Gateways[0].Serial = serial }},
		{"no consumption CT", func(r *rig) { r.gateway.CTs = envoytest.ProductionCT }},
		{"off", func(r *rig) { r.Gateways[0].FailSafe = nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newFailSafeRig(3, 100)
				tt.setup(r)
				r.start(t)
				time.Sleep(time.Minute)
				r.server.Refuse(true)
				time.Sleep(10 * time.Minute)
				r.wantRetained(t, availTopic, "offline")
				r.stop(t)
				r.wantFailSafes(t, tt.name, 0)
			})
		})
	}
}

// TestStopWhileGatewayHangs: a stop before data is stale is no reason for it.
func TestStopWhileGatewayHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFailSafeRig(3, 100)
		r.start(t)
		time.Sleep(time.Minute)
		r.gateway.Fault(envoytest.Hang, -1)
		time.Sleep(20 * time.Second)
		r.cancel()
		err := <-r.done
		time.Sleep(time.Hour)
		r.done <- err
		r.stop(t)
		r.wantFailSafes(t, "after a stop", 0)
	})
}

// TestFailSafeWithoutBroker: a broker that is away gets it when it is back, if
// that is still true.
func TestFailSafeWithoutBroker(t *testing.T) {
	for _, tt := range []struct {
		name         string
		gatewayFirst bool
		want         int
	}{
		{"the gateway is still silent", false, 1},
		{"the gateway was back first", true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newFailSafeRig(3, 100)
				r.start(t)
				time.Sleep(time.Minute)
				r.broker.Close()
				r.server.Refuse(true)
				time.Sleep(5 * time.Minute)
				if tt.gatewayFirst {
					r.server.Refuse(false)
					time.Sleep(2 * time.Minute)
				}
				r.broker.Open()
				time.Sleep(3 * time.Minute)
				r.wantFailSafes(t, tt.name, tt.want)
				r.stop(t)
			})
		})
	}
}

// TestFailSafeOfReplacedGateway: nobody goes on for the gateway that was taken away.
func TestFailSafeOfReplacedGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFailSafeRig(1, 100)
		r.Gateways[0].StaleAfter = time.Hour
		r.start(t)
		time.Sleep(time.Minute)
		r.server.Refuse(true)
		time.Sleep(time.Minute)
		r.gateway.Change(func(g *envoytest.Gateway) { g.Serial = "122200000009" })
		r.server.Refuse(false)
		time.Sleep(3 * time.Minute)
		r.wantFailSafes(t, "after the swap", 1)
		r.stop(t)
	})
}

// TestPhases: observers are called once.
func TestPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 2})
		var reported []int
		r.observe(func(s bridge.GatewayState) {
			if n := s.Phases; n > 0 && (len(reported) == 0 || reported[len(reported)-1] != n) {
				reported = append(reported, n)
			}
		})
		r.start(t)
		time.Sleep(time.Minute)
		r.stop(t)
		if len(reported) != 1 || reported[0] != 2 {
			t.Errorf("reported %v, want 2 once", reported)
		}
	})
}

// TestFailSafeOfLostCT: the gateway answers, but the grid is not measured any more.
func TestFailSafeOfLostCT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFailSafeRig(3, 100)
		r.Gateways[0].StaleAfter = 10 * time.Minute // longer than it takes to believe that the CT is gone
		r.start(t)
		time.Sleep(time.Minute + time.Second) // after the tasks of the minute
		r.gateway.Change(func(g *envoytest.Gateway) { g.CTs = envoytest.ProductionCT })
		r.gateway.Fault(envoytest.Busy, 3)
		time.Sleep(9 * time.Minute)
		r.wantFailSafes(t, "before STALE_AFTER", 0)
		if len(r.since(time.Now().Add(-6*time.Second), liveTopic)) == 0 {
			t.Error("no live document of the production")
		}
		time.Sleep(2 * time.Minute)
		r.wantFailSafes(t, "after it", 1)
		r.wantRetained(t, availTopic, "online")
		r.server.Refuse(true)
		time.Sleep(20 * time.Minute)
		r.wantFailSafes(t, "when all is silent", 1)
		r.stop(t)
	})
}
