package bridge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// lives reports how many live documents came since from.
func (r *rig) lives(from time.Time) int { return len(r.since(from, liveTopic)) }

// TestDiscoveryTurnedOn: after a run without discovery nothing is to be cleared,
// and nothing that MQTT forbids is sent.
func TestDiscoveryTurnedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3})
		r.again(t, func(b *bridge.Bridge) { b.HomeAssistant.Off = true })
		before := time.Now()
		var cleared []hass.Namespace
		r.again(t, func(b *bridge.Bridge) {
			b.Previous = []hass.Namespace{{Topic: "envoy", Serials: []string{serial}}, {Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial}}}
			b.OnCleaned = func(p hass.Namespace) { cleared = append(cleared, p) }
		})
		if n := len(r.broker.Connects()); n != 2 {
			t.Errorf("%d connects in two runs, want 2", n)
		}
		if n := r.lives(before); n < 30 {
			t.Errorf("%d live documents in 3 minutes at one in 5 s, want 30 at least", n)
		}
		want := []string{"{envoy  [" + serial + "]}"} // the place without discovery, to be forgotten
		if got := fmt.Sprint(cleared); got != fmt.Sprint(want) {
			t.Errorf("cleared %s, want %s", got, want)
		}
		r.wantRetained(t, availTopic, "offline") // by the end of the run, not cleared
		r.broker.Close()
		r.server.Close()
	})
}

// TestSecondaryTasks: a broker that ends the connection because of a secondary
// task does not stop the readings.
func TestSecondaryTasks(t *testing.T) {
	for _, tt := range []struct{ name, cut, log string }{
		{"births", birthTopic, "subscription to states abandoned"},
		{"discovery documents", "homeassistant/device/+/config", "subscription to discovery documents abandoned"},
		{"discovery", "homeassistant/device/#", "discovery abandoned"},
		{"old gateways", "attic/122200000007/#", "clearing of old topics abandoned"},
		{"old documents", "ha/device/+/config", "clearing of old topics abandoned"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{Phases: 3})
				r.Previous = []hass.Namespace{{Topic: "attic", Prefix: "ha", Serials: []string{"122200000007"}}}
				r.broker.Cut(tt.cut)
				start := time.Now()
				r.start(t)
				time.Sleep(10 * time.Minute)
				r.stop(t)
				if n := len(r.broker.Connects()); n > 6 { // of what is cut, one task publishes and another subscribes
					t.Errorf("%d connects in 10 minutes, want 6 at most", n)
				}
				if n := r.lives(start); n < 115 {
					t.Errorf("%d live documents in 10 minutes at one in 5 s, want 115 at least", n)
				}
				if n := strings.Count(r.log.String(), tt.log); n != 1 {
					t.Errorf("%q was logged %d times, want once:\n%s", tt.log, n, r.log.String())
				}
				if strings.Contains(r.log.String(), "client id") {
					t.Errorf("the log blames another client though the broker gave a reason:\n%s", r.log.String())
				}
			})
		})
	}
}

// retain has the broker keep n discovery documents of about 6 kB: of earlier
// inverters behind our gateway, or of others.
func retain(b *mqtttest.Broker, n int, ours bool) {
	base := "other"
	if ours {
		base = "envoy"
	}
	for i := range n {
		id := fmt.Sprintf("envoy_inverter_%d", i)
		var components []string
		for k := range 60 {
			components = append(components, fmt.Sprintf(`"k%d":{"platform":"sensor","unique_id":"u%d_%d","state_topic":"%s/%s/inverter/%d"}`, k, i, k, base, serial, i))
		}
		b.Publish("homeassistant/device/"+id+"/config", `{"device":{"identifiers":["`+id+`"],"via_device":"envoy_`+serial+`"},"origin":{"name":"envoy-mqtt"},"components":{`+strings.Join(components, ",")+`}}`, true)
	}
}

// TestRetainedDocuments: what the broker has retained under the discovery prefix
// delays live documents once, and is not asked for again.
func TestRetainedDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.broker.Rate = 20_000
		retain(r.broker, 26, true) // 170 kB, 9 s
		r.Gateways[0].Interval = time.Second
		start := time.Now()
		r.start(t)
		time.Sleep(time.Minute)
		if n := len(r.broker.Connects()); n != 1 {
			t.Errorf("%d connects in a minute, want 1", n)
		}
		if n := r.lives(start); n < 45 {
			t.Errorf("%d live documents in a minute, want 45 at least", n)
		}
		r.broker.Drop()
		dropped := time.Now()
		time.Sleep(10 * time.Second)
		if n := r.lives(dropped); n < 7 {
			t.Errorf("%d live documents in the 10 s after a lost connection, want 7 at least", n)
		}
		r.broker.Publish(configTopic, "", true) // deleted in Home Assistant
		time.Sleep(time.Minute)
		r.stop(t)
		if !strings.Contains(r.log.String(), "deleted in Home Assistant") {
			t.Error("the deletion of the device was not noticed after a reconnect")
		}
		requests := slices.DeleteFunc(r.broker.Subscribes(), func(s mqtttest.Subscribe) bool {
			return s.Filter != "homeassistant/device/+/config" || s.RetainHandling == 2
		})
		if len(requests) != 1 {
			t.Errorf("retained documents were requested %d times, want once", len(requests))
		}
	})
}

// TestTooManyRetainedDocuments: without an answer for 30 s, retained documents
// are given up, whatever the broker still sends.
func TestTooManyRetainedDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.broker.Rate = 20_000
		retain(r.broker, 300, false) // 2 MB, 100 s
		r.Gateways[0].Interval = time.Second
		r.start(t)
		time.Sleep(40 * time.Second)
		after := time.Now()
		time.Sleep(time.Minute)
		r.broker.Drop()
		time.Sleep(time.Minute)
		r.stop(t)
		if n := r.lives(after); n < 115 {
			t.Errorf("%d live documents in the two minutes that follow 40 s, want 115 at least", n)
		}
		if n := strings.Count(r.log.String(), "live documents wait for retained messages"); n != 1 {
			t.Errorf("the reason was logged %d times, want once:\n%s", n, r.log.String())
		}
		if _, ok := r.broker.Retained(configTopic); !ok {
			t.Error("the gateway was not announced")
		}
	})
}

// TestLargeRetainedDocument: a retained document that the broker should not send
// does not stop the readings.
func TestLargeRetainedDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.broker.Publish("homeassistant/device/huge/config", strings.Repeat(" ", 300_000), true)
		start := time.Now()
		r.start(t)
		time.Sleep(10 * time.Minute)
		r.stop(t)
		if n := r.lives(start); n < 115 {
			t.Errorf("%d live documents in 10 minutes at one in 5 s, want 115 at least", n)
		}
		if n := strings.Count(r.log.String(), "subscription to discovery documents abandoned"); n != 1 {
			t.Errorf("the reason was logged %d times, want once:\n%s", n, r.log.String())
		}
	})
}

// TestSweepManyTopics: topics that are cleared in several rounds, as they are
// too many to be gathered at once.
func TestSweepManyTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		for i := range 3000 {
			r.broker.Publish(fmt.Sprintf("attic/122200000007/%d/%s", i, strings.Repeat("x", 800)), "1", true)
		}
		r.again(t, func(b *bridge.Bridge) {
			b.Previous = []hass.Namespace{{Topic: "attic", Serials: []string{"122200000007"}}}
		})
		left := 0
		for topic := range r.broker.RetainedAll() {
			if strings.HasPrefix(topic, "attic/") {
				left++
			}
		}
		if left > 0 || !strings.Contains(r.log.String(), `"cleared":3000`) {
			t.Errorf("%d topics are left, want none, and that 3000 were cleared:\n%s", left, r.log.String())
		}
		r.broker.Close()
		r.server.Close()
	})
}
