package faults_test

import (
	"bytes"
	"context"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

const serial = "122200000001"

// Collecting garbage seldom takes a quarter less of the processor.
func init() { debug.SetGCPercent(400) }

// A bubble is a bridge in this process between a simulated gateway and a broker
// in memory, inside synctest.
type bubble struct {
	gateway *envoytest.Gateway
	server  *envoytest.Server
	broker  *mqtttest.Broker
	bridge  *bridge.Bridge
	log     bytes.Buffer // read it after stop

	cancel context.CancelFunc
	done   chan error
}

func newBubble(source envoy.Source, interval, stale time.Duration) *bubble {
	b := &bubble{
		gateway: &envoytest.Gateway{Serial: serial, Phases: 3, Start: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), Remember: 200_000},
		broker:  new(mqtttest.Broker),
		done:    make(chan error, 1),
	}
	b.server = envoytest.NewServer(b.gateway)
	b.bridge = &bridge.Bridge{
		Gateways: []bridge.GatewayConfig{{
			Config:   publish.Config{Name: "ENVOY", StaleAfter: stale},
			Client:   &envoy.Client{Host: b.server.URL, Tokens: auth.StaticToken("t"), Dial: b.server.Dial, Source: source},
			Interval: interval,
		}},
		MQTT: mqtt.Config{URL: &url.URL{Scheme: "mqtt", Host: "broker"}, ClientID: "bubble", Dial: b.broker.Dial},
		Log:  zerolog.New(zerolog.SyncWriter(&b.log)).Level(zerolog.InfoLevel),
	}
	return b
}

func (b *bubble) start(t *testing.T) {
	var ctx context.Context
	ctx, b.cancel = context.WithCancel(t.Context())
	go func() { b.done <- b.bridge.Run(ctx) }()
}

func (b *bubble) stop(t *testing.T) {
	t.Helper()
	b.cancel()
	if err := <-b.done; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	b.bridge.Gateways[0].Client.CloseIdle()
	b.broker.Close()
	b.server.Close()
}

// recording is what came to the broker, whose clock is the gateway's.
func (b *bubble) recording() *recording {
	r := &recording{base: "envoy", serial: serial, requests: b.gateway.Requests(), interval: b.bridge.Gateways[0].Interval, stale: b.bridge.Gateways[0].StaleAfter}
	for _, m := range b.broker.Messages() {
		r.messages = append(r.messages, message{at: m.Time, topic: m.Topic, payload: m.Payload})
	}
	return r
}

// first is when payload first came on topic after from.
func (r *recording) first(topic, payload string, from time.Time) (time.Time, bool) {
	for _, m := range r.messages {
		if m.topic == topic && m.at.After(from) && (payload == "" || m.payload == payload) {
			return m.at, true
		}
	}
	return time.Time{}, false
}

// count returns how many messages of topic came after from.
func (r *recording) count(topic string, from time.Time) (n int) {
	for _, m := range r.messages {
		if m.topic == topic && m.at.After(from) {
			n++
		}
	}
	return n
}

// TestAnHour: whatever a gateway does for an hour, nothing is published that it
// did not tell, it is offline in time, and back within two minutes.
func TestAnHour(t *testing.T) {
	const interval, stale = 5 * time.Second, 30 * time.Second
	for _, fault := range envoytest.All {
		for _, source := range []envoy.Source{envoy.FromProduction, envoy.AutoSource, envoy.FromMeters, envoy.FromLivedata} {
			if fault == envoytest.Flicker && source != envoy.FromProduction {
				continue // the meters' own readings do not flicker, see TestFlicker
			}
			t.Run(string(fault)+", "+source.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := newBubble(source, interval, stale)
					b.start(t)
					time.Sleep(time.Minute)
					began := time.Now()
					b.gateway.FaultFor(fault, hour)
					time.Sleep(hour)
					ended := time.Now()
					time.Sleep(5 * time.Minute)
					b.stop(t)

					r := b.recording()
					r.slack = 45 * time.Second // TIMEOUT: a slow answer is a good one
					v := r.judge()
					for _, w := range v.wrong {
						t.Error(w)
					}
					offline, ok := r.first(r.topic("availability"), "offline", began)
					limit := stale + interval
					if fault == envoytest.Frozen {
						limit += stale // it takes so long to know
					}
					if took := offline.Sub(began); !ok || took > limit {
						t.Errorf("offline after %v (%t), want %v at most", took, ok, limit)
					}
					if live, ok := r.first(r.topic("live"), "", offline); !ok || live.Before(ended) || live.Sub(ended) > 2*time.Minute {
						t.Errorf("live again %v after the fault (%t), want within 2 minutes, and not before", live.Sub(ended), ok)
					}
					for _, topic := range []string{r.topic("grid/power"), r.topic("availability"), "homeassistant/device/envoy_" + serial + "/config"} {
						if !slices.ContainsFunc(r.messages, func(m message) bool { return m.topic == topic && m.at.Before(began) }) {
							t.Errorf("%s was never published", topic)
						}
					}
					lines := strings.Count(b.log.String(), `"level":"warn"`)
					t.Logf("%d live documents, offline after %v, %d warnings", v.live, offline.Sub(began), lines)
					if lines == 0 || lines > 8 {
						t.Errorf("%d warnings about an hour of one fault, want a few:\n%s", lines, b.log.String())
					}
				})
			})
		}
	}
}

// TestFlicker: the meters' readings go on while /production.json forgets the CTs.
func TestFlicker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(envoy.AutoSource, 5*time.Second, 30*time.Second)
		b.start(t)
		time.Sleep(time.Minute)
		b.gateway.FaultFor(envoytest.Flicker, hour)
		time.Sleep(hour)
		b.stop(t)
		v := b.recording().judge()
		for _, w := range v.wrong {
			t.Error(w)
		}
		if v.live < int(hour/(5*time.Second)) {
			t.Errorf("%d live documents in an hour, want one every five seconds", v.live)
		}
	})
}

// TestQuotaForAnHour: a broker that refuses everything because a quota is used up.
func TestQuotaForAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const quotaExceeded = 0x97
		b := newBubble(envoy.AutoSource, 5*time.Second, 30*time.Second)
		b.start(t)
		time.Sleep(time.Minute)
		began := time.Now()
		b.broker.Deny("#", quotaExceeded)
		b.broker.Deny("envoy/#", quotaExceeded)
		time.Sleep(hour / 2)
		b.gateway.Fault(envoytest.Busy, -1) // which the broker does not want to know
		time.Sleep(hour / 2)
		b.broker.Deny("#", 0)
		b.broker.Deny("envoy/#", 0)
		ended := time.Now()
		time.Sleep(2 * time.Minute)
		if got, _ := b.broker.Retained("envoy/" + serial + "/availability"); got != "offline" {
			t.Errorf("availability %q after the quota, although the gateway went offline meanwhile", got)
		}
		b.gateway.Clear()
		time.Sleep(2 * time.Minute)
		r := b.recording()
		if live, ok := r.first(r.topic("live"), "", began.Add(time.Second)); !ok || live.Before(ended) {
			t.Errorf("live again %v after the quota (%t)", live.Sub(ended), ok)
		}
		for _, topic := range []string{"envoy/bridge/state", r.topic("availability"), r.topic("grid/power")} {
			if got, ok := b.broker.Retained(topic); !ok || got == "offline" {
				t.Errorf("%s = %q (%t) after the quota", topic, got, ok)
			}
		}
		connects := len(b.broker.Connects())
		b.stop(t)
		for _, w := range r.judge().wrong {
			t.Error(w)
		}
		if n := strings.Count(b.log.String(), `"level":"warn"`); n == 0 || n > 10 {
			t.Errorf("%d warnings about an hour without quota, want a few:\n%.3000s", n, b.log.String())
		}
		if connects > 1 {
			t.Errorf("%d connections, want one", connects)
		}
	})
}
