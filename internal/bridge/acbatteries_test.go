package bridge_test

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestACBatteries: those that the gateway tells of together.
func TestACBatteries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Batteries: 1, ACBs: 3, Start: morning()})
		r.start(t)
		time.Sleep(50 * time.Second) // answer times follow at a minute
		doc := r.document(t, thingTopic("battery", "acb"))
		delete(doc, "last_report")
		if want := map[string]any{"power": 240.0, "soc": 25.0, "energy": 0.93, "state": "discharging"}; !reflect.DeepEqual(doc, want) {
			t.Errorf("AC Batteries %v, want %v", doc, want)
		}
		r.wantRetained(t, "envoy/"+serial+"/storage/acb_soc", "25")
		r.wantRetained(t, "envoy/"+serial+"/storage/iq_soc", "35")
		r.checkDiscovery(t)
		r.stop(t)
	})
}

// TestACBatteriesAlone: where nothing else is reported of batteries, their document
// is renewed in time.
func TestACBatteriesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{ACBs: 3, Firmware: "R4.10.35", Start: morning()})
		r.start(t)
		time.Sleep(time.Minute)
		for range 60 {
			time.Sleep(20 * time.Second)
			r.document(t, thingTopic("battery", "acb"))
		}
		r.stop(t)
	})
}

// TestACBatteriesTakenAway: their device is removed, also if they were taken away while
// the bridge did not run.
func TestACBatteriesTakenAway(t *testing.T) {
	for _, isRunning := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(&envoytest.Gateway{Batteries: 1, ACBs: 3, Start: morning()})
			if isRunning {
				r.start(t)
				time.Sleep(3 * time.Minute)
			} else {
				r.again(t, func(*bridge.Bridge) {})
			}
			r.document(t, thingTopic("battery", "acb"))
			if _, ok := r.broker.Retained(thingConfig("acb", serial)); !ok {
				t.Error("there is no device of the AC Batteries")
			}
			r.gateway.Change(func(g *envoytest.Gateway) { g.ACBs = 0 })
			if !isRunning {
				r.Bridge = &bridge.Bridge{Gateways: []bridge.GatewayConfig{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log}
				r.start(t)
			}
			time.Sleep(20 * time.Minute)
			r.wantRetained(t, thingTopic("battery", "acb"), "")
			r.wantRetained(t, thingConfig("acb", serial), "")
			r.document(t, thingTopic("battery", batterySN(0)))
			r.stop(t)
		})
	}
}

// TestACBatteriesOnce: an answer that lacks the AC Batteries does not make the
// power of the others that of all.
func TestACBatteriesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, gw := newRewritingRig(&envoytest.Gateway{Batteries: 1, ACBs: 3, Start: morning()})
		r.start(t)
		time.Sleep(50 * time.Second)
		from, answers := time.Now(), 0
		gw.rewrite("/production.json", func(body []byte) []byte {
			if answers++; answers%3 == 0 {
				return body
			}
			return objects(body, func(o map[string]any) {
				if o["type"] == "acb" {
					o["activeCount"] = 0
				}
			})
		})
		time.Sleep(5 * time.Minute)
		for _, m := range r.since(from, "envoy/"+serial+"/storage/power") {
			if m.Payload != "-285" {
				t.Errorf("storage/power = %s, want -285", m.Payload)
			}
		}
		r.wantStorage(t, "after 5 minutes", map[string]string{"storage/power": "-285"})
		r.stop(t)
	})
}

// TestACBatteriesOfUnknownAge: where /production.json is not read, the totals
// alone know of AC Batteries. Without their power there is none of all.
func TestACBatteriesOfUnknownAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Batteries: 1, ACBs: 3, Start: morning()})
		r.Gateways[0].Client.Source = envoy.FromMeters
		r.start(t)
		time.Sleep(5 * time.Minute)
		r.gateway.FaultFor(envoytest.Reset, 20*time.Second) // and a new session
		r.gateway.FaultAt("/ivp/ensemble/secctrl", envoytest.ServerError, -1)
		time.Sleep(5 * time.Minute)
		if n := len(r.since(time.Time{}, "envoy/"+serial+"/storage/power")); n > 0 {
			t.Errorf("%d powers of the IQ Batteries alone", n)
		}
		r.wantRetained(t, availTopic, "online")
		r.stop(t)
	})
}
