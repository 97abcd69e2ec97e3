//go:build budget && linux

package budget_test

import (
	"cmp"
	"context"
	"net/url"
	"runtime"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// TestMemory reads as fast as the program allows, to see in minutes what a day
// does to the memory, and how often a healthy gateway is greeted meanwhile.
func TestMemory(t *testing.T) {
	t.Parallel()
	render(t)
	broker := startMosquitto(t)
	g := newInstant(t, 1)
	got := subscribe(t, broker, g.liveTopic())
	s := configure(t, broker, "[HOMEASSISTANT]\nINTERVAL = 1ms\n"+g.section("ENVOY", pause))
	s.keepToken(t, g)
	p := start(t, s.command())
	total := int(cmp.Or(*long, shorter(3*time.Minute)) / pause)
	for i := range total {
		next(t, got)
		if (i+1)%(total/6) == 0 {
			t.Logf("after %5d readings: VmHWM %.1f MiB, VmRSS %.1f MiB (anonymous %.1f)", i+1, p.memory("VmHWM"), p.memory("VmRSS"), p.memory("RssAnon"))
		}
	}
	within(t, "peak resident memory (VmHWM)", p.memory("VmHWM"), 26, "MiB")
	counted(t, "TLS handshakes", g.server.Handshakes(), 1, "in the whole run")
}

// TestHeap measures what the collector leaves of the bridge and a client, and
// of the simulated gateway, which shares the process but not the figure's name.
func TestHeap(t *testing.T) {
	render(t)
	broker := startMosquitto(t)
	g := newInstant(t, 1)
	got := subscribe(t, broker, g.liveTopic())
	before := heap()
	b := &bridge.Bridge{
		MQTT:          mqtt.Config{URL: &url.URL{Scheme: "mqtt", Host: broker}, ClientID: "heap"},
		HomeAssistant: bridge.HomeAssistant{Interval: time.Millisecond},
		Gateways: []bridge.GatewayConfig{{
			Config:   publish.Config{Name: "ENVOY"},
			Client:   &envoy.Client{Host: g.server.URL, Tokens: auth.StaticToken(g.token())},
			Interval: pause,
		}},
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Run(ctx) }()
	for range int(shorter(600*pause) / pause) {
		next(t, got)
	}
	after := heap()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	within(t, "heap after collection, bridge and one client", (after-before)/1e6, 3, "MB")
}

// heap returns the bytes that are alive.
func heap() float64 {
	runtime.GC()
	runtime.GC() // the second frees what the first found in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
