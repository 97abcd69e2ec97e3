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
)

// again runs the bridge anew on the same broker, changed by f, for three minutes.
func (r *rig) again(t *testing.T, f func(*bridge.Bridge)) {
	t.Helper()
	b := &bridge.Bridge{Feeds: []bridge.Feed{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log}
	f(b)
	for _, feed := range b.Feeds {
		defer feed.Client.CloseIdle()
	}
	r.Bridge = b
	r.start(t)
	time.Sleep(3 * time.Minute)
	r.cancel()
	if err := <-r.done; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

// TestSweep: what is not published any more does not stay on the broker, and
// what others have put there does.
func TestSweep(t *testing.T) {
	const other = "122200000002"
	usual := bridge.Place{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial}}
	for _, tt := range []struct {
		name    string
		change  func(*bridge.Bridge)
		gone    []string // prefixes of topics that must be gone
		stay    []string // topics that must be there
		cleared []string // serials that are told to be cleared
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
			"a gateway less", func(b *bridge.Bridge) { b.Feeds = b.Feeds[1:] },
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
				var cleared []bridge.Place
				r.again(t, func(b *bridge.Bridge) {
					b.Feeds = append(b.Feeds, r.feed("ENVOY_GARAGE", garage))
					b.Earlier = []bridge.Place{usual}
					b.Cleared = func(p bridge.Place) { cleared = append(cleared, p) }
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
					t.Errorf("told to be cleared: %+v, want %v", cleared, tt.cleared)
				}
				r.broker.Close()
				r.server.Close()
			})
		})
	}
}

// TestSweepWaits: a gateway that is not known yet may be the one that seems gone.
func TestSweepWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		r.again(t, func(*bridge.Bridge) {})
		r.Feeds = []bridge.Feed{r.feed("RENAMED", r.server)}
		r.Earlier = []bridge.Place{{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial, "122200000007"}}}
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
				first.Feeds[0].Client.CloseIdle()
				if !comes {
					time.Sleep(10 * time.Second)
					r.wantRetained(t, stateTopic, "offline")
					r.broker.Close()
					r.server.Close()
					return
				}
				r.Bridge = &bridge.Bridge{Feeds: []bridge.Feed{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log}
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
