package bridge_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// thingConfig and thingTopic are where a thing behind the rig's gateway is.
func thingConfig(kind, sn string) string {
	return "homeassistant/device/envoy_" + kind + "_" + sn + "/config"
}

func thingTopic(kind, sn string) string { return "envoy/" + serial + "/" + kind + "/" + sn }

// simulated serial numbers
func inverterSN(i int) string { return (&envoytest.Gateway{Serial: serial}).InverterSerial(i) }
func batterySN(i int) string  { return (&envoytest.Gateway{Serial: serial}).BatterySerial(i) }

// document returns what is retained under topic.
func (r *rig) document(t *testing.T, topic string) map[string]any {
	t.Helper()
	payload, ok := r.broker.Retained(topic)
	if !ok {
		t.Errorf("%s is not there", topic)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(payload), &doc); ok && err != nil {
		t.Errorf("%s: %v in %q", topic, err, payload)
	}
	return doc
}

// morning is a house at eleven, when the sun shines and batteries are charged.
func morning() time.Time { return time.Now().Truncate(24 * time.Hour).Add(11 * time.Hour) }

// TestThingsOfAReplacedGateway: inverters that stay hang on the new gateway,
// and what only the old one had is published no more.
func TestThingsOfAReplacedGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const successor = "122200000009"
		r := newRig(&envoytest.Gateway{Inverters: 3, Batteries: 1, Start: morning()})
		r.start(t)
		time.Sleep(time.Minute)
		r.server.Refuse(true)
		time.Sleep(time.Minute)
		r.gateway.Change(func(g *envoytest.Gateway) { g.Serial, g.Replaces, g.Inverters, g.Batteries = successor, serial, 2, 0 })
		r.server.Refuse(false)
		time.Sleep(3 * time.Minute)
		payload, _ := r.broker.Retained(thingConfig("inverter", inverterSN(0)))
		if d := parseConfig(t, payload); d.Device.Via != "envoy_"+successor || d.Components["power"].StateTopic != "envoy/"+successor+"/inverter/"+inverterSN(0) {
			t.Errorf("an inverter that stays is announced as %+v", d)
		}
		born := time.Now()
		r.broker.Publish(birthTopic, "online", false)
		time.Sleep(10 * time.Second)
		for _, topic := range []string{thingConfig("inverter", inverterSN(2)), thingConfig("battery", batterySN(0)), thingTopic("inverter", inverterSN(0))} {
			if n := len(r.since(born, topic)); n != 0 {
				t.Errorf("%s is still published", topic)
			}
		}
		r.stop(t)
	})
}

// TestThingsOfAnEarlierRun: what was taken away while the bridge did not run is
// removed when three answers agree, and nothing of anybody else's.
func TestThingsOfAnEarlierRun(t *testing.T) {
	const old = `{"device":{"identifiers":["envoy_%[1]s_%[2]s"],"via_device":"envoy_%[3]s"},"origin":{"name":"%[4]s"},"components":{"power":{"platform":"sensor","unique_id":"u","state_topic":"envoy/%[3]s/%[1]s/%[2]s"},` +
		`"colour":{"platform":"sensor","unique_id":"v","state_topic":"envoy/%[3]s/%[1]s/%[2]s"}}}`
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Inverters: 1, Start: morning()})
		for _, row := range []struct{ kind, sn, via, by string }{
			{"inverter", inverterSN(0), serial, "envoy-mqtt"},
			{"inverter", "122000000077", serial, "envoy-mqtt"},
			{"battery", "122000000078", serial, "envoy-mqtt"},
			{"inverter", "122000000079", serial, "another"},
			{"inverter", "122000000080", "129999999999", "envoy-mqtt"},
		} {
			r.broker.Publish(thingConfig(row.kind, row.sn), fmt.Sprintf(old, row.kind, row.sn, row.via, row.by), true)
			r.broker.Publish("envoy/"+row.via+"/"+row.kind+"/"+row.sn, "{}", true)
		}
		r.start(t)
		time.Sleep(9 * time.Minute)
		if _, ok := r.broker.Retained(thingConfig("inverter", "122000000077")); !ok {
			t.Error("removed before three answers agreed")
		}
		time.Sleep(time.Hour)
		for _, row := range []struct{ kind, sn string }{{"inverter", "122000000077"}, {"battery", "122000000078"}} {
			r.wantRetained(t, thingConfig(row.kind, row.sn), "")
			r.wantRetained(t, thingTopic(row.kind, row.sn), "")
		}
		for _, sn := range []string{"122000000079", "122000000080"} {
			if _, ok := r.broker.Retained(thingConfig("inverter", sn)); !ok {
				t.Errorf("%s, of others, was removed", sn)
			}
		}
		payload, _ := r.broker.Retained(thingConfig("inverter", inverterSN(0)))
		if d := parseConfig(t, payload); d.Components["colour"].Platform != "sensor" || d.Components["colour"].StateTopic != "" || d.Components["power"].StateTopic == "" {
			t.Errorf("an entity that is no more is not removed: %+v", d.Components)
		}
		r.stop(t)
	})
}
