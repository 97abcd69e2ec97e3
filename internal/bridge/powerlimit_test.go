package bridge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
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
		want(map[string]string{"state": "off", "power": "None", "applies_to": "none", "production_off": "OFF"})

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
		want(map[string]string{"state": "off", "power": "None", "applies_to": "none", "production_off": "ON"})
		r.checkDiscovery(t)

		set(func(l *envoytest.PowerLimiter) { l.Status = 503 })
		want(map[string]string{"state": "off", "power": "None", "applies_to": "none", "production_off": "ON"})
		time.Sleep(2 * time.Minute)
		want(map[string]string{"state": "unknown", "power": "None", "applies_to": "none", "production_off": "ON"})
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
