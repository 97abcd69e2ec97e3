package bridge_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass/hasstest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// TestPowerLimit: the limit that the gateway reports, while it changes and cannot
// be read.
func TestPowerLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Start: morning(), PowerLimit: new(envoytest.PowerLimiter)})
		r.start(t)
		at := "envoy/" + serial + "/limit/"
		want := func(values map[string]string) {
			t.Helper()
			for _, key := range []string{"state", "power", "applies_to", "production_off"} {
				if got, ok := r.broker.Retained(at + key); got != values[key] || ok != (values[key] != "") {
					t.Errorf("%s = %q, want %q", key, got, values[key])
				}
			}
		}
		time.Sleep(30 * time.Second)
		want(map[string]string{"state": "off", "power": "None", "applies_to": "off", "production_off": "OFF"})

		set := func(f func(l *envoytest.PowerLimiter)) {
			r.gateway.Change(func(g *envoytest.Gateway) { f(g.PowerLimit) })
			time.Sleep(90 * time.Second)
		}
		set(func(l *envoytest.PowerLimiter) { l.Enabled, l.Export, l.Watts = true, true, 1500 })
		want(map[string]string{"state": "active", "power": "1500", "applies_to": "export", "production_off": "OFF"})
		set(func(l *envoytest.PowerLimiter) { l.Export, l.Off = false, true })
		want(map[string]string{"state": "active", "power": "1500", "applies_to": "production", "production_off": "ON"})
		r.checkDiscovery(t)

		time.Sleep(10 * time.Minute)
		set(func(l *envoytest.PowerLimiter) { l.Enabled = false })
		want(map[string]string{"state": "off", "power": "None", "applies_to": "off", "production_off": "ON"})
		r.checkDiscovery(t)

		set(func(l *envoytest.PowerLimiter) { l.Status = 503 })
		want(map[string]string{"state": "off", "power": "None", "applies_to": "off", "production_off": "ON"})
		time.Sleep(2 * time.Minute)
		want(map[string]string{"state": "unknown", "power": "None", "applies_to": "None", "production_off": "ON"})
		for _, request := range r.gateway.Requests() {
			if request.Method != "GET" {
				t.Errorf("%s %s, want no write", request.Method, request.Path)
			}
		}
		r.stop(t)
	})
}

// TestNoPowerLimit: a gateway without a limit has no entities of one.
func TestNoPowerLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Start: morning()})
		r.start(t)
		time.Sleep(10 * time.Minute)
		if got, ok := r.broker.Retained("envoy/" + serial + "/limit/state"); ok {
			t.Errorf("limit/state = %q, want none", got)
		}
		if got := r.gateway.Count("/ivp/ss/dpel"); got != 3 {
			t.Errorf("asked %d times, want 3", got)
		}
		r.stop(t)
	})
}

// TestLimitControls: the entities that limit the power are always there while they
// are configured, with the states that were read back, in both forms of discovery.
func TestLimitControls(t *testing.T) {
	for _, form := range []hass.Form{hass.ByDevice, hass.ByEntity} {
		for _, limiter := range []*envoytest.PowerLimiter{nil, {Status: 401}, {Enabled: true, Export: true, Watts: 1500, Off: true}} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{Start: morning(), PowerLimit: limiter})
				r.runLimit(t, form, true, 30*time.Second)
				controls := r.controls(t)
				for _, id := range []string{"number.limit_set_power", "select.limit_set_applies_to", "switch.limit_set_production_off"} {
					if c := controls[id]; c.Command != "envoy/"+serial+"/limit/set" || c.ID == "" || c.Name == "" || c.Category != "config" {
						t.Errorf("%s: %+v", id, c)
					}
				}
				r.runLimit(t, form, true, 10*time.Minute)
				if n := len(r.controls(t)); n != 3 {
					t.Errorf("%d entities can be changed after ten minutes, want 3", n)
				}
				r.runLimit(t, form, false, 3*time.Minute)
				if n := len(r.controls(t)); n != 0 {
					t.Errorf("%d entities can be changed without the configuration, want none", n)
				}
				isRead := limiter != nil && limiter.Status == 0
				if _, ok := r.broker.Retained("envoy/" + serial + "/limit/applies_to"); ok != isRead {
					t.Errorf("limit/applies_to is retained = %t, want %t", ok, isRead)
				}
				r.broker.Close()
				r.server.Close()
			})
		}
	}
}

// runLimit runs a bridge for some time, with or without the entities that limit the
// power.
func (r *rig) runLimit(t *testing.T, form hass.Form, hasControls bool, lasts time.Duration) {
	t.Helper()
	b := &bridge.Bridge{Gateways: []bridge.GatewayConfig{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log}
	b.Gateways[0].LimitControls = hasControls
	b.HomeAssistant.Form = form
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	start := time.Now()
	time.Sleep(lasts)
	msgs, opts := r.announced()
	sent := r.broker.Messages()
	sent = slices.DeleteFunc(sent, func(m mqtttest.Record) bool { return !strings.HasSuffix(m.Topic, "/config") })
	first := slices.IndexFunc(sent, func(m mqtttest.Record) bool { return !m.Time.Before(start) })
	for _, f := range hasstest.Check(msgs[first:], opts) {
		t.Error(f)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	b.Gateways[0].Client.CloseIdle()
}

// A control is an entity that can be changed.
type control struct {
	Command  string `json:"command_topic"`
	ID       string `json:"unique_id"`
	Name     string
	Category string `json:"entity_category"`
}

// controls returns the retained entities that can be changed, by platform and key.
func (r *rig) controls(t *testing.T) map[string]control {
	t.Helper()
	found := map[string]control{}
	for topic, payload := range r.broker.RetainedAll() {
		parts := strings.Split(topic, "/")
		switch {
		case !strings.HasPrefix(topic, "homeassistant/") || payload == "":
		case parts[1] == "device":
			var doc struct {
				Components map[string]struct {
					Platform string
					control
				}
			}
			if err := json.Unmarshal([]byte(payload), &doc); err != nil {
				t.Fatal(err)
			}
			for key, c := range doc.Components {
				if c.Command != "" {
					found[c.Platform+"."+key] = c.control
				}
			}
		default:
			var c control
			if err := json.Unmarshal([]byte(payload), &c); err != nil {
				t.Fatal(err)
			}
			if c.Command != "" {
				found[parts[1]+"."+parts[3]] = c
			}
		}
	}
	return found
}
