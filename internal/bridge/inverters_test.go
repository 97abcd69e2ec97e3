package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

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
	t.Parallel()
	for user, want := range map[string]int{"": 0, "envoy": 12} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(&envoytest.Gateway{Firmware: "R4.10.35", Start: morning()})
			r.Gateways[0].Client.Username, r.Gateways[0].Client.Password = user, serial[len(serial)-6:]
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
			said := strings.Count(r.log.String(), "firmware before 7 requires the gateway's own user")
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

// TestSixtyInverters: a small broker gets no more messages at once than it takes,
// one announcement for each inverter, and live waits for none of them.
func TestSixtyInverters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Inverters: 60, Start: morning()})
		r.broker = &mqtttest.Broker{Delay: 100 * time.Millisecond, ReceiveMaximum: 20} // the broker ends a connection above it
		r.MQTT.Dial = r.broker.Dial
		r.start(t)
		time.Sleep(2 * time.Minute)
		var live mqtttest.Record
		announced, lives := map[string]int{}, 0
		for _, m := range r.broker.Messages() {
			if strings.HasPrefix(m.Topic, "homeassistant/device/envoy_inverter_") {
				announced[m.Topic]++
			}
			if m.Topic == liveTopic {
				if late := m.Time.Sub(live.Time) - 5*time.Second; lives > 0 && late.Abs() > 10*time.Millisecond {
					t.Errorf("a live document came %v out of step", late)
				}
				live = m
				lives++
			}
		}
		if n := len(r.broker.Connects()); n != 1 {
			t.Errorf("%d connects, want 1", n)
		}
		if len(announced) != 60 || lives < 20 {
			t.Errorf("%d inverters announced, %d live documents, want 60 and 24", len(announced), lives)
		}
		for topic, n := range announced {
			if n > 2 {
				t.Errorf("%s was announced %d times", topic, n)
			}
		}
		r.checkDiscovery(t)
		r.stop(t)
	})
}
