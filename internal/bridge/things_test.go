package bridge_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/bridgetest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/discoverytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// thingConfig and thingTopic are where a thing behind the rig's gateway is.
func thingConfig(kind, sn string) string {
	return "homeassistant/device/envoy_" + kind + "_" + sn + "/config"
}

func thingTopic(kind, sn string) string { return "envoy/" + serial + "/" + kind + "/" + sn }

// simulated serial numbers
func inverterSN(i int) string { return fmt.Sprintf("1221%08d", 10007*(i+1)) }
func batterySN(i int) string  { return fmt.Sprintf("1219%08d", 10009*(i+1)) }

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

// TestInverters: one document and one device for each microinverter.
func TestInverters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Inverters: 3, Gone: 2, ACBs: 2, Start: morning()})
		r.start(t)
		time.Sleep(10 * time.Second)
		doc := r.document(t, thingTopic("inverter", inverterSN(1)))
		for _, key := range []string{
			"power", "max_power", "dc_voltage", "dc_current", "ac_voltage", "ac_current", "frequency", "temperature", "energy",
			"energy_today", "energy_reported", "report_duration", "last_report",
		} {
			if _, ok := doc[key]; !ok {
				t.Errorf("the document has no %s: %v", key, doc)
			}
		}
		if w, _ := doc["power"].(float64); w < 100 || w > 3000 {
			t.Errorf("power %v", doc["power"])
		}
		payload, _ := r.broker.Retained(thingConfig("inverter", inverterSN(1)))
		d := parseConfig(t, payload)
		if d.Device.Via != "envoy_"+serial || d.Device.Name != "Inverter "+inverterSN(1) || len(d.Components) != 13 || !strings.Contains(payload, `"name":null`) {
			t.Errorf("announced as %+v", d)
		}
		for key, c := range d.Components {
			if off := c.Enabled != nil && !*c.Enabled; off == (key == "power") {
				t.Errorf("%s is off: %t", key, off)
			}
		}
		for topic := range r.broker.RetainedAll() {
			if strings.HasPrefix(topic, thingTopic("inverter", "")) && !strings.Contains(topic, "/1221") || strings.HasSuffix(topic, inverterSN(3)) {
				t.Errorf("%s is published", topic)
			}
		}
		r.stop(t)
	})
}

// TestInvertersNeedALogin: firmware before 7 shows the house to all, and its
// inverters to those who log in; that is said once.
func TestInvertersNeedALogin(t *testing.T) {
	for user, want := range map[string]int{"": 0, "envoy": 12} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(&envoytest.Gateway{Firmware: "R4.10.35", Start: morning()})
			r.Feeds[0].Client.Username, r.Feeds[0].Client.Password = user, serial[len(serial)-6:]
			r.start(t)
			time.Sleep(time.Hour)
			r.wantRetained(t, availTopic, "online")
			n := 0
			for topic := range r.broker.RetainedAll() {
				if strings.HasPrefix(topic, thingTopic("inverter", "")) {
					n++
				}
			}
			r.stop(t)
			said := strings.Count(r.log.String(), "set USERNAME = envoy")
			if n != want || said != 1 && want == 0 || said != 0 && want > 0 {
				t.Errorf("with the user %q: %d inverters, want %d, and the log says it %d times:\n%s", user, n, want, said, r.log.String())
			}
		})
	}
}

// TestInverterTakenAway: three answers without it, and it is gone from the
// broker; one that stays is announced once.
func TestInverterTakenAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Inverters: 3, Start: morning()})
		r.start(t)
		time.Sleep(time.Minute)
		r.gateway.Change(func(g *envoytest.Gateway) { g.Inverters, g.Gone = 2, 1 })
		gone := inverterSN(2)
		time.Sleep(5 * time.Minute) // one or two answers later
		if _, ok := r.broker.Retained(thingConfig("inverter", gone)); !ok {
			t.Error("removed before three answers agreed")
		}
		time.Sleep(17 * time.Minute)
		r.wantRetained(t, thingConfig("inverter", gone), "")
		r.wantRetained(t, thingTopic("inverter", gone), "")
		r.document(t, thingTopic("inverter", inverterSN(1)))
		if n := r.broker.Count(thingConfig("inverter", inverterSN(0))); n > 2 { // before and with its details
			t.Errorf("one that stays was announced %d times", n)
		}
		r.stop(t)
	})
}

// TestThingsOfAReplacedGateway: inverters that stay hang on the new gateway,
// and what only the old one had is told no more.
func TestThingsOfAReplacedGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const successor = "122200000009"
		r := newRig(&envoytest.Gateway{Inverters: 3, Batteries: 1, Start: morning()})
		r.start(t)
		time.Sleep(time.Minute)
		r.server.Refuse(true)
		time.Sleep(time.Minute)
		r.gateway.Change(func(g *envoytest.Gateway) { g.Serial, g.Inverters, g.Batteries = successor, 2, 0 })
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
				t.Errorf("%s is still told", topic)
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

// TestSixtyInverters: a small broker gets one message after the other, one
// announcement for each inverter, and live goes on meanwhile.
func TestSixtyInverters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Inverters: 60, Start: morning()})
		r.broker = &bridgetest.Broker{Delay: 100 * time.Millisecond}
		r.MQTT.Dial = r.broker.Dial
		r.start(t)
		time.Sleep(2 * time.Minute)
		var last bridgetest.Record
		announced, lives := map[string]int{}, 0
		for _, m := range r.broker.Messages() {
			if strings.HasPrefix(m.Topic, "homeassistant/device/envoy_inverter_") {
				announced[m.Topic]++
			}
			if m.Topic == liveTopic {
				lives++
			}
			if m.QoS == 0 {
				continue
			}
			if gap := m.Time.Sub(last.Time); gap < r.broker.Delay {
				t.Errorf("%s came %v after %s, which was not answered yet", m.Topic, gap, last.Topic)
			}
			last = m
		}
		if len(announced) != 60 || lives < 20 {
			t.Errorf("%d inverters announced, %d live documents, want 60 and 24", len(announced), lives)
		}
		for topic, n := range announced {
			if n > 2 {
				t.Errorf("%s was announced %d times", topic, n)
			}
		}
		msgs, opts := r.announced()
		for _, f := range discoverytest.Check(msgs, opts) {
			t.Error(f)
		}
		r.stop(t)
	})
}

// TestBatteries: documents, the aggregates and storage/power, which is never
// older than its batteries.
func TestBatteries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Batteries: 2, Start: morning()})
		r.start(t)
		time.Sleep(50 * time.Second) // answer times follow at a minute
		doc := r.document(t, thingTopic("battery", batterySN(0)))
		if doc["power"] != -525.0 || doc["soc"] != 35.0 || doc["state"] != "charging" || doc["communicating"] != true || doc["dc_switch"] != true {
			t.Errorf("battery %v", doc)
		}
		if c := r.document(t, thingTopic("controller", "121600010039")); c["on_grid"] != true || c["temperature"] != 25.0 {
			t.Errorf("controller %v", c)
		}
		at := "envoy/" + serial + "/storage/"
		for key, want := range map[string]string{"power": "-1050", "soc": "35", "reserve_soc": "20", "available_energy": "2.45", "reserve_energy": "1.4", "capacity": "7"} {
			r.wantRetained(t, at+key, want)
		}
		msgs, opts := r.announced()
		for _, f := range discoverytest.Check(msgs, opts) {
			t.Error(f)
		}
		for _, m := range r.since(time.Time{}, liveTopic) {
			if strings.Contains(m.Payload, "storage") {
				t.Fatalf("the live document holds batteries of another moment: %s", m.Payload)
			}
		}

		r.gateway.FaultAt("/ivp/ensemble/power", envoytest.ServerError, -1)
		time.Sleep(3 * time.Minute)
		for _, topic := range []string{at + "power", thingTopic("battery", batterySN(0))} {
			if payload, ok := r.broker.Retained(topic); ok {
				t.Errorf("%s still says %q", topic, payload)
			}
		}
		r.wantRetained(t, at+"soc", "35")
		r.wantRetained(t, availTopic, "online")
		r.stop(t)
	})
}

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
		msgs, opts := r.announced()
		for _, f := range discoverytest.Check(msgs, opts) {
			t.Error(f)
		}
		r.stop(t)
	})
}

// TestCTHealth: what the gateway finds wrong with its CTs, and what to do.
func TestCTHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Flags: map[string][]string{"net-consumption": {"negative-total-consumption"}}})
		r.start(t)
		time.Sleep(50 * time.Second) // answer times follow at a minute
		info := "envoy/" + serial + "/info/"
		r.wantRetained(t, info+"ct_problem", "ON")
		if advice, _ := r.broker.Retained(info + "ct_advice"); !strings.Contains(advice, "POWER_MULTIPLIER = -1") {
			t.Errorf("advice %q", advice)
		}
		r.wantRetained(t, info+"net_consumption_ct_metering_status", "check-wiring")
		r.wantRetained(t, info+"net_consumption_ct_status_flags", "1")
		r.wantRetained(t, info+"production_ct_metering_status", "normal")
		r.wantRetained(t, info+"production_ct_status_flags", "0")
		msgs, opts := r.announced()
		for _, f := range discoverytest.Check(msgs, opts) {
			t.Error(f)
		}
		r.gateway.Change(func(g *envoytest.Gateway) { g.Flags = nil })
		time.Sleep(15 * time.Minute)
		r.wantRetained(t, info+"ct_problem", "OFF")
		r.wantRetained(t, info+"ct_advice", "nothing to do")
		if n := r.broker.Count(info + "ct_advice"); n != 2 {
			t.Errorf("the advice was sent %d times, want at its two changes", n)
		}
		r.stop(t)
	})
}
