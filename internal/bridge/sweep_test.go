package bridge_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// again runs the bridge anew on the same broker, changed by f, for three minutes.
func (r *rig) again(t *testing.T, f func(*bridge.Bridge)) {
	t.Helper()
	r.againUntil(t, f, func() { time.Sleep(3 * time.Minute) })
}

// againUntil is again until during has returned.
func (r *rig) againUntil(t *testing.T, f func(*bridge.Bridge), during func()) {
	t.Helper()
	b := &bridge.Bridge{Gateways: []bridge.GatewayConfig{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log}
	b.Gateways[0].Serial = serial // the program remembers it
	f(b)
	for _, feed := range b.Gateways {
		defer feed.Client.CloseIdle()
	}
	r.Bridge = b
	r.start(t)
	during()
	r.cancel()
	if err := <-r.done; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

// TestSweep: what is not published any more does not stay on the broker, and
// what others have put there does.
func TestSweep(t *testing.T) {
	t.Parallel()
	const other = "122200000002"
	usual := hass.Namespace{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial}}
	for _, tt := range []struct {
		name    string
		change  func(*bridge.Bridge)
		gone    []string // prefixes of topics that must be gone
		stay    []string // topics that must be there
		cleared []string // serials that are reported as cleared
	}{
		{
			"nothing", func(*bridge.Bridge) {}, nil,
			[]string{configTopic, availTopic, energyTopic, "homeassistant/device/envoy_bridge/config"},
			nil,
		},
		{
			"another topic", func(b *bridge.Bridge) { b.Topic = "solar" },
			[]string{"envoy/" + serial + "/", "envoy/bridge/", "homeassistant/device/envoy_bridge/"},
			[]string{configTopic, "solar/bridge/state", "solar/" + serial + "/availability", "homeassistant/device/solar_bridge/config"},
			[]string{serial},
		},
		{
			"another prefix", func(b *bridge.Bridge) { b.HomeAssistant.Prefix = "ha" },
			[]string{"homeassistant/device/envoy_"},
			[]string{"ha/device/envoy_" + serial + "/config", "ha/device/envoy_bridge/config", availTopic, energyTopic},
			[]string{serial},
		},
		{
			"no discovery", func(b *bridge.Bridge) { b.HomeAssistant.Off = true },
			[]string{"homeassistant/device/envoy_"},
			[]string{availTopic, energyTopic},
			[]string{serial},
		},
		{
			"a gateway less", func(b *bridge.Bridge) { b.Gateways = b.Gateways[1:] },
			[]string{"envoy/" + serial + "/", configTopic},
			[]string{"envoy/" + other + "/availability", "homeassistant/device/envoy_" + other + "/config", "envoy/bridge/state"},
			[]string{serial},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{Phases: 3, Start: time.Now().Add(12 * time.Hour)})
				garage := envoytest.NewServer(&envoytest.Gateway{Serial: other})
				defer garage.Close()
				foreign := map[string]string{
					"envoy/other/value": "1", "envoy/bridges/state": "online", "homeassistant/sensor/x/config": "{}",
					"homeassistant/device/zigbee/config":  `{"origin":{"name":"Zigbee2MQTT"},"availability":[{"topic":"envoy/bridge/state"}]}`,
					"homeassistant/device/another/config": `{"origin":{"name":"envoy-mqtt"},"availability":[{"topic":"attic/bridge/state"}]}`,
				}
				for topic, payload := range foreign {
					r.broker.Publish(topic, payload, true)
				}
				r.again(t, func(*bridge.Bridge) {})
				inverters := 0
				for topic := range r.broker.RetainedAll() {
					if strings.HasPrefix(topic, "homeassistant/device/envoy_inverter_") {
						inverters++
					}
				}
				if _, ok := r.broker.Retained(configTopic); !ok || inverters == 0 {
					t.Fatalf("the gateway was announced: %t, and %d inverters", ok, inverters)
				}
				between := time.Now()
				var cleared []hass.Namespace
				r.again(t, func(b *bridge.Bridge) {
					b.Gateways = append(b.Gateways, r.feed("ENVOY_GARAGE", garage))
					b.Previous = []hass.Namespace{usual}
					b.OnCleaned = func(p hass.Namespace) { cleared = append(cleared, p) }
					tt.change(b)
				})
				left := r.broker.RetainedAll()
				for topic, payload := range left {
					if len(tt.gone) > 0 && strings.HasPrefix(tt.gone[0], "envoy/"+serial) && strings.Contains(payload, `"envoy/`+serial+`/`) {
						t.Errorf("%s waits for a topic that is gone: %.80s", topic, payload)
					}
					for _, gone := range tt.gone {
						if strings.HasPrefix(topic, gone) {
							t.Errorf("%s is left: %.80s", topic, left[topic])
						}
					}
				}
				for _, topic := range slices.Concat(tt.stay, slices.Collect(maps.Keys(foreign))) {
					if left[topic] == "" {
						t.Errorf("%s is gone", topic)
					}
				}
				for _, m := range r.broker.Messages() {
					if m.Time.After(between) && m.Payload == "" && slices.Contains(tt.stay, m.Topic) {
						t.Errorf("%s was cleared and published again: Home Assistant loses the entity in between", m.Topic)
					}
				}
				var serials []string
				for _, p := range cleared {
					serials = append(serials, p.Serials...)
				}
				if !slices.Equal(serials, tt.cleared) || len(cleared) > 1 {
					t.Errorf("reported as cleared: %+v, want %v", cleared, tt.cleared)
				}
				r.checkEmptyStates(t)
				r.broker.Close()
				r.server.Close()
			})
		})
	}
}

// TestAnotherTopic: the bridge's own device stays the same, entities are removed
// before the topics that they read, and a gateway or an inverter that is not
// there is waited for.
func TestAnotherTopic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const bridgeConfig, bridgeVersion = "homeassistant/device/envoy_bridge/config", "envoy/bridge/version"
		r := newRig(&envoytest.Gateway{Inverters: 3, Start: morning()})
		r.again(t, func(*bridge.Bridge) {})
		r.gateway.Change(func(g *envoytest.Gateway) { g.Inverters = 2 })
		r.server.Refuse(true)
		r.Bridge = &bridge.Bridge{
			Gateways: []bridge.GatewayConfig{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log, Topic: "solar", DeviceID: "envoy_bridge",
			Previous: []hass.Namespace{{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial}}},
		}
		r.Gateways[0].Serial = serial
		changed := time.Now()
		r.start(t)
		time.Sleep(time.Hour)
		for _, topic := range []string{configTopic, energyTopic, bridgeVersion, thingConfig("inverter", inverterSN(2))} {
			if _, ok := r.broker.Retained(topic); !ok {
				t.Errorf("%s was cleared before the gateway was there", topic)
			}
		}
		r.server.Refuse(false)
		time.Sleep(9 * time.Minute)
		if _, ok := r.broker.Retained(thingConfig("inverter", inverterSN(2))); !ok {
			t.Error("an inverter was removed before three answers agreed")
		}
		time.Sleep(6 * time.Minute)
		for _, topic := range []string{energyTopic, bridgeVersion, availTopic, thingConfig("inverter", inverterSN(2)), thingTopic("inverter", inverterSN(0)), thingTopic("inverter", inverterSN(2))} {
			r.wantRetained(t, topic, "")
		}
		for _, topic := range []string{configTopic, bridgeConfig, thingConfig("inverter", inverterSN(0))} {
			payload, _ := r.broker.Retained(topic)
			for key, c := range parseConfig(t, payload).Components {
				if !strings.HasPrefix(c.StateTopic, "solar/") {
					t.Errorf("%s: %s reads %q, want a topic below solar", topic, key, c.StateTopic)
				}
			}
			for _, m := range r.since(changed, topic) {
				if m.Payload == "" {
					t.Errorf("%s was removed in between", topic)
				}
			}
		}
		if payload, _ := r.broker.Retained(bridgeConfig); !strings.Contains(payload, `"unique_id":"envoy_bridge_version"`) {
			t.Errorf("the bridge's own entities have other ids: %s", payload)
		}
		r.stop(t)
	})
}

// TestSweepWaits: a gateway that is not known yet may be the one that seems gone.
func TestSweepWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		r.again(t, func(*bridge.Bridge) {})
		r.Gateways = []bridge.GatewayConfig{r.feed("RENAMED", r.server)}
		r.Previous = []hass.Namespace{{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial, "122200000007"}}}
		r.broker.Publish("envoy/122200000007/production/energy", "7", true)
		r.server.Refuse(true)
		r.start(t)
		time.Sleep(time.Hour)
		r.wantRetained(t, "envoy/122200000007/production/energy", "7")
		r.broker.Drop()
		r.server.Refuse(false)
		time.Sleep(5 * time.Minute)
		r.wantRetained(t, "envoy/122200000007/production/energy", "")
		r.wantRetained(t, availTopic, "online")
		for _, m := range r.broker.Messages() {
			if m.Topic == configTopic && m.Payload == "" {
				t.Error("the gateway under its new section was removed in between")
			}
		}
		r.stop(t)
	})
}

// TestHandover: where another bridge goes on at once nothing is said of being
// offline; where it does not, the Will says it.
func TestHandover(t *testing.T) {
	for name, comes := range map[string]bool{"comes": true, "does not come": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(new(envoytest.Gateway))
				ctx, cancel := context.WithCancelCause(t.Context())
				r.done = make(chan error, 1)
				go func() { r.done <- r.Run(ctx) }()
				time.Sleep(time.Minute)
				first := r.Bridge
				cancel(bridge.ErrHandover)
				if err := <-r.done; err != nil {
					t.Errorf("Run = %v, want nil", err)
				}
				first.Gateways[0].Client.CloseIdle()
				if !comes {
					time.Sleep(10 * time.Second)
					r.wantRetained(t, stateTopic, "offline")
					r.broker.Close()
					r.server.Close()
					return
				}
				r.Bridge = &bridge.Bridge{Gateways: []bridge.GatewayConfig{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log}
				r.start(t)
				time.Sleep(time.Minute)
				for _, m := range r.broker.Messages() {
					if m.Payload == "offline" {
						t.Errorf("%s said offline over a handover", m.Topic)
					}
				}
				r.wantRetained(t, stateTopic, "online")
				r.stop(t)
			})
		})
	}
}
