package bridge_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass/hasstest"
)

// TestDiscovery checks what Home Assistant receives against its own rules, for
// every layout and for every capture of a real gateway.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	gateways := map[string]*envoytest.Gateway{
		"one phase":    {},
		"two phases":   {Phases: 2},
		"three phases": {Phases: 3},
		"split phase":  {Split: true, ThreeLines: true},
		"standard":     {Standard: true},
		"no CT":        {CTs: envoytest.NoCTs},
		"production":   {CTs: envoytest.ProductionCT},
	}
	captures := envoytest.Captures()
	for _, dir := range captures {
		if name := filepath.Base(dir); name != "3.7.0" { // cannot be read
			gateways[name] = &envoytest.Gateway{Capture: dir}
		}
	}
	if len(captures) == 0 {
		t.Log("no captures of real gateways here (shared/gateways); the simulated gateways are tested all the same")
	}
	for _, name := range slices.Sorted(maps.Keys(gateways)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(gateways[name])
				r.start(t)
				time.Sleep(12 * time.Second)
				msgs, opts := r.announced()
				r.stop(t)
				if len(msgs) < 2 {
					t.Fatalf("%d discovery messages, want the bridge's and the gateway's; log:\n%s", len(msgs), r.log.String())
				}
				for _, f := range hasstest.Check(msgs, opts) {
					t.Error(f)
				}
			})
		})
	}
}

// TestStateClassOfConsumption: total consumption that is computed falls while a
// battery exports, so it is no total_increasing; what a CT counts is.
func TestStateClassOfConsumption(t *testing.T) {
	for _, tt := range []struct {
		name    string
		gateway *envoytest.Gateway
		source  envoy.Source
		want    string
	}{
		{"computed by us", &envoytest.Gateway{Phases: 3}, envoy.AutoSource, "total"},
		{"computed by the gateway", &envoytest.Gateway{Phases: 3}, envoy.FromProduction, "total"},
		{"a CT around the load", &envoytest.Gateway{Phases: 3, LoadOnly: true}, envoy.AutoSource, "total_increasing"},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(tt.gateway)
			r.Gateways[0].Client.Source = tt.source
			r.start(t)
			time.Sleep(time.Minute)
			payload, _ := r.broker.Retained(configTopic)
			cs := parseConfig(t, payload).Components
			r.stop(t)
			for _, key := range []string{"consumption_energy", "consumption_l1_energy"} {
				if got := cs[key].StateClass; got != tt.want {
					t.Errorf("%s: %s is %q, want %q", tt.name, key, got, tt.want)
				}
			}
			if got := cs["production_energy"].StateClass; got != "total_increasing" {
				t.Errorf("%s: production_energy is %q", tt.name, got)
			}
		})
	}
}

// announced returns the discovery messages and what they are checked against.
func (r *rig) announced() ([]hasstest.Message, hasstest.Options) {
	opts := hasstest.Options{
		Published: r.broker.RetainedAll(),
		Expiry:    map[string]uint32{},
	}
	maps.DeleteFunc(opts.Published, func(topic, _ string) bool { return strings.HasPrefix(topic, "homeassistant/") })
	var msgs []hasstest.Message
	for _, m := range r.broker.Messages() {
		opts.Expiry[m.Topic] = m.Expiry
		if strings.HasSuffix(m.Topic, "/config") {
			msgs = append(msgs, hasstest.Message{Topic: m.Topic, Payload: []byte(m.Payload), Retain: m.Retain, QoS: m.QoS, Expiry: m.Expiry})
		}
	}
	return msgs, opts
}

// checkDiscovery fails for what Home Assistant would not take.
func (r *rig) checkDiscovery(t *testing.T) {
	t.Helper()
	msgs, opts := r.announced()
	for _, f := range hasstest.Check(msgs, opts) {
		t.Error(f)
	}
}

type discovered struct {
	Device struct {
		Name     string
		Software string `json:"sw_version"`
		Via      string `json:"via_device"`
	}
	Components map[string]struct {
		Platform, Name string
		UniqueID       string `json:"unique_id"`
		StateTopic     string `json:"state_topic"`
		StateClass     string `json:"state_class"`
		Enabled        *bool  `json:"enabled_by_default"`
	}
}

func parseConfig(t *testing.T, payload string) (d discovered) {
	t.Helper()
	if err := json.Unmarshal([]byte(payload), &d); err != nil {
		t.Fatalf("%v in %q", err, payload)
	}
	return d
}

// TestNamesAsHomeAssistant: the names are those of Home Assistant's own
// integration, so that a user can switch, and details are off at first.
func TestNamesAsHomeAssistant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3})
		r.start(t)
		time.Sleep(time.Second)
		payload, _ := r.broker.Retained(configTopic)
		r.stop(t)
		d := parseConfig(t, payload)
		if d.Device.Name != "Envoy "+serial || d.Device.Via != "envoy_bridge" || d.Device.Software != "D8.3.5167" {
			t.Errorf("device %+v", d.Device)
		}
		for key, want := range map[string]struct {
			name    string
			enabled bool
		}{
			"grid_power":         {"Current net power consumption", true},
			"production_power":   {"Current power production", true},
			"production_energy":  {"Lifetime energy production", true},
			"consumption_power":  {"Current power consumption", true},
			"consumption_energy": {"Lifetime energy consumption", true},
			"grid_l2_power":      {"Current net power consumption l2", false},
			"grid_l1_voltage":    {"Voltage net consumption CT l1", false},
			"grid_current":       {"Net consumption CT current", false},
			"reachable":          {"Reachable", true},
		} {
			c, ok := d.Components[key]
			if enabled := c.Enabled == nil || *c.Enabled; !ok || c.Name != want.name || enabled != want.enabled {
				t.Errorf("%s: %t %q enabled %t, want %q %t", key, ok, c.Name, enabled, want.name, want.enabled)
			}
		}
		for _, key := range []string{"grid_energy", "grid_voltage", "grid_power_factor"} {
			if c, ok := d.Components[key]; ok {
				t.Errorf("%s is announced: %+v", key, c)
			}
		}
	})
}

// TestRemoval: an entity whose meter is gone is removed the documented way.
func TestRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3})
		r.start(t)
		time.Sleep(time.Minute)
		// An outage, after which an electrician has taken two phases away.
		r.gateway.Fault(envoytest.Busy, -1)
		time.Sleep(20 * time.Second)
		r.gateway.Clear()
		r.gateway.Change(func(g *envoytest.Gateway) { g.Phases = 1 })
		before := time.Now()
		time.Sleep(7 * time.Minute) // it might only be restarting, and then only leaving something out
		r.stop(t)
		var docs []discovered
		var times []time.Time
		for _, m := range r.since(before, configTopic) {
			docs = append(docs, parseConfig(t, m.Payload))
			times = append(times, m.Time)
		}
		if len(docs) != 3 || times[2].Sub(times[1]) < time.Second {
			t.Fatalf("%d documents at %v, want one with what is new and two that remove what is gone, a second apart at least", len(docs), times)
		}
		if _, ok := docs[0].Components["grid_voltage"]; !ok {
			t.Error("the one phase's voltage is missing")
		}
		docs = docs[1:]
		if c, ok := docs[0].Components["grid_l3_power"]; !ok || c.Platform != "sensor" || c.StateTopic != "" || c.Name != "" {
			t.Errorf("first document: grid_l3_power %t %+v, want its platform alone", ok, c)
		}
		if c, ok := docs[1].Components["grid_l3_power"]; ok {
			t.Errorf("second document: grid_l3_power %+v, want none", c)
		}
		r.wantRetained(t, "envoy/"+serial+"/grid/l3/power", "")
	})
}

// TestRemovalOfAnEarlierRun: what an older version announced and this one does
// not have is removed too.
func TestRemovalOfAnEarlierRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		r.Gateways[0].Serial = serial
		r.broker.Publish(configTopic, `{"device":{},"components":{"old":{"platform":"sensor","unique_id":"envoy_x_old","state_topic":"envoy/`+serial+`/old"},`+
			`"foreign":{"platform":"sensor","unique_id":"f","state_topic":"other/topic"}}}`, true)
		r.broker.Publish("envoy/"+serial+"/old", "5", true)
		r.broker.Publish("other/topic", "5", true)
		r.start(t)
		time.Sleep(2 * time.Minute)
		r.wantRetained(t, "envoy/"+serial+"/old", "")
		r.wantRetained(t, "other/topic", "5")
		removed := 0
		for _, m := range r.broker.Messages() {
			if m.Topic == configTopic && m.Client != "" {
				if c, ok := parseConfig(t, m.Payload).Components["old"]; ok && c.StateTopic == "" {
					removed++
				}
			}
		}
		if removed != 1 {
			t.Errorf("%d documents remove the old entity, want 1", removed)
		}
		r.stop(t)
	})
}

// TestOldEntityOfBridge: the bridge's own device loses an entity that an older version
// announced.
func TestOldEntityOfBridge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const topic = "homeassistant/device/envoy_bridge/config"
		r := newRig(new(envoytest.Gateway))
		r.broker.Publish(topic, `{"device":{},"origin":{"name":"envoy-mqtt"},"components":{"old":{"platform":"sensor","unique_id":"envoy_bridge_old","state_topic":"envoy/bridge/old"}}}`, true)
		r.start(t)
		time.Sleep(time.Minute)
		payload, _ := r.broker.Retained(topic)
		components := parseConfig(t, payload).Components
		if old, ok := components["old"]; !ok || old.Platform != "sensor" || old.UniqueID != "" || len(components) < 4 {
			t.Errorf("the document %s does not remove the old entity", payload)
		}
		r.stop(t)
	})
}

// TestFirstDocumentHasTokenEntities checks that the first document contains the
// entities of the access token, so that it needs no second one.
func TestFirstDocumentHasTokenEntities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Latency: 20 * time.Millisecond})
		r.Gateways[0].TokenInfo = func() map[string]string { return map[string]string{"token_state": "ok"} }
		start := time.Now()
		r.start(t)
		time.Sleep(10 * time.Second)
		documents := r.since(start, configTopic)
		r.stop(t)
		if len(documents) == 0 || parseConfig(t, documents[0].Payload).Components["token_state"].Platform == "" {
			t.Errorf("the first of %d documents lacks token_state", len(documents))
		}
	})
}

func TestDiscoveryOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.HomeAssistant.Off = true
		r.start(t)
		time.Sleep(time.Minute)
		r.stop(t)
		for topic := range r.broker.RetainedAll() {
			if strings.HasSuffix(topic, "/config") {
				t.Errorf("%s was announced", topic)
			}
		}
	})
}
