package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestState follows what a bridge says that it is at.
func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		if s := r.Snapshot(); s.Broker || len(s.Gateways) > 0 {
			t.Errorf("before Run: %+v, want nothing", s)
		}
		look := func(what string, want bridge.State, polled bool) {
			t.Helper()
			s := r.Snapshot()
			if len(s.Gateways) != 1 {
				t.Fatalf("%s: %+v, want one gateway", what, s)
			}
			g := &s.Gateways[0]
			if ago := time.Since(g.Polled); !g.Polled.IsZero() != polled || polled && ago > 20*time.Second {
				t.Errorf("%s: polled %v ago", what, ago)
			}
			if (g.Err == nil) != g.Online {
				t.Errorf("%s: online %t, error %v", what, g.Online, g.Err)
			}
			g.Polled, g.Err, g.Failures = time.Time{}, nil, 0
			want.Gateways[0].Interval, want.Gateways[0].StaleAfter, want.Gateways[0].Phases = 5*time.Second, 30*time.Second, 1
			want.Gateways[0].Name, want.Gateways[0].Serial, want.Gateways[0].Firmware = "ENVOY", serial, "D8.3.5167"
			if s.Broker != want.Broker || *g != want.Gateways[0] {
				t.Errorf("%s: %+v, want %+v", what, s, want)
			}
			if s.BrokerErrors == 0 || s.Broker != (s.Published > 0) {
				t.Errorf("%s: %d broker errors and %d messages, want some errors, and messages once there is a broker", what, s.BrokerErrors, s.Published)
			}
		}
		r.broker.Close()
		r.start(t)
		time.Sleep(time.Second)
		look("without the broker", bridge.State{Gateways: []bridge.GatewayState{{Online: true, Source: "production"}}}, true)
		r.broker.Open()
		time.Sleep(time.Minute)
		look("all well", bridge.State{Broker: true, Gateways: []bridge.GatewayState{{Online: true, Source: "production"}}}, true)
		r.server.Refuse(true)
		time.Sleep(31 * time.Second)
		look("without the gateway", bridge.State{Broker: true, Gateways: []bridge.GatewayState{{Source: "production"}}}, true)
		r.stop(t)
		if r.Snapshot().Broker {
			t.Error("the broker is connected after the bridge has left it")
		}
	})
}

// TestSourceReason checks that the state contains why samples come from the slower
// source, and that the reason ends with its cause.
func TestSourceReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: time.Date(2000, 1, 1, 9, 0, 0, 0, time.UTC), TurnedReadings: true})
		r.Gateways[0].Client.Source = envoy.AutoSource
		r.start(t)
		time.Sleep(time.Minute)
		if g := r.Snapshot().Gateways[0]; g.Source != "production" || !strings.Contains(g.Reason, "sign") {
			t.Errorf("Source %q, Reason %q, want production because of the sign", g.Source, g.Reason)
		}
		r.stop(t)
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: time.Date(2000, 1, 1, 9, 0, 0, 0, time.UTC)})
		r.Gateways[0].Client.Source = envoy.AutoSource
		r.start(t)
		time.Sleep(time.Minute)
		if g := r.Snapshot().Gateways[0]; g.Source != "meters" || g.Reason != "" {
			t.Errorf("Source %q, Reason %q, want meters", g.Source, g.Reason)
		}
		r.stop(t)
	})
}
