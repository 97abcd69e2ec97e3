package bridge_test

import (
	"bytes"
	"context"
	"net/url"
	"runtime/debug"
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

// A rig is a bridge between a simulated gateway and a broker in memory, to be
// used inside a synctest bubble.
type rig struct {
	*bridge.Bridge
	gateway *envoytest.Gateway
	server  *envoytest.Server
	broker  *mqtttest.Broker
	log     bytes.Buffer // read it after stop

	cancel   context.CancelFunc
	handOver func() // ends a bridge that startReloadable has started
	done     chan error
}

const serial = "122200000001"

// Collecting garbage seldom takes a quarter less of the processor.
func init() { debug.SetGCPercent(400) }

func newRig(gw *envoytest.Gateway) *rig {
	if gw.Serial == "" {
		gw.Serial = serial
	}
	r := &rig{gateway: gw, server: envoytest.NewServer(gw), broker: new(mqtttest.Broker)}
	r.Bridge = &bridge.Bridge{
		Gateways: []bridge.GatewayConfig{r.feed("ENVOY", r.server)},
		MQTT:     mqtt.Config{URL: &url.URL{Scheme: "mqtt", Host: "broker"}, ClientID: "rig", Dial: r.broker.Dial},
		Log:      zerolog.New(zerolog.SyncWriter(&r.log)).Level(zerolog.InfoLevel),
	}
	return r
}

// observe calls f with each state of the gateways that has changed.
func (r *rig) observe(f func(bridge.GatewayState)) { r.Observers = append(r.Observers, observer{f: f}) }

// An observer is called with each state that has changed.
type observer struct {
	bridge.BaseObserver
	f func(bridge.GatewayState)
}

func (o observer) StateChanged(s bridge.GatewayState) { o.f(s) }

func (r *rig) feed(name string, srv *envoytest.Server) bridge.GatewayConfig {
	return bridge.GatewayConfig{
		Config:   publish.Config{Name: name, StaleAfter: 30 * time.Second},
		Client:   &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("t"), Dial: srv.Dial},
		Interval: 5 * time.Second,
	}
}

func (r *rig) start(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel, r.done = cancel, make(chan error, 1)
	go func() { r.done <- r.Run(ctx) }()
}

// stop ends the bridge and everything around it.
func (r *rig) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	start := time.Now()
	if err := <-r.done; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("Run ended after %v, want 5s at most", took)
	}
	for _, f := range r.Gateways {
		f.Client.CloseIdle()
	}
	r.checkEmptyStates(t)
	r.broker.Close()
	r.server.Close()
}

// since returns what was published to topic after the given moment.
func (r *rig) since(from time.Time, topic string) (records []mqtttest.Record) {
	for _, m := range r.broker.Messages() {
		if m.Topic == topic && m.Time.After(from) {
			records = append(records, m)
		}
	}
	return records
}

func (r *rig) wantRetained(t *testing.T, topic, want string) {
	t.Helper()
	if got, _ := r.broker.Retained(topic); got != want {
		t.Errorf("%s = %q at %v, want %q", topic, got, time.Now().UTC(), want)
	}
}

const (
	stateTopic  = "envoy/bridge/state"
	liveTopic   = "envoy/" + serial + "/live"
	availTopic  = "envoy/" + serial + "/availability"
	configTopic = "homeassistant/device/envoy_" + serial + "/config"
	powerTopic  = "envoy/" + serial + "/grid/power"
	energyTopic = "envoy/" + serial + "/production/energy"
	birthTopic  = "homeassistant/status"
)

// TestDay is a day with a refused token, a lost broker and a quarter without
// the gateway.
func TestDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3})
		r.Gateways[0].Interval, r.Gateways[0].StaleAfter = 30*time.Second, 2*time.Minute
		src := new(renewing)
		r.Gateways[0].Client.Tokens = src
		r.broker.Keep = func(m mqtttest.Record) bool {
			return m.Topic == liveTopic || m.Topic == availTopic || m.Topic == stateTopic || m.Topic == configTopic
		}
		start := time.Now()
		r.start(t)

		time.Sleep(dayPart)
		r.gateway.RequireToken("second")
		r.gateway.ExpireSessions()
		time.Sleep(dayPart / 2)
		r.broker.Drop()
		time.Sleep(dayPart / 2)
		r.wantRetained(t, availTopic, "online")

		outage := time.Now()
		r.gateway.Fault(envoytest.Busy, -1)
		time.Sleep(dayPart)
		r.wantRetained(t, availTopic, "offline")
		r.wantRetained(t, stateTopic, "online")
		r.wantRetained(t, powerTopic, "")
		r.gateway.Clear()
		back := time.Now()
		time.Sleep(dayPart)
		r.wantRetained(t, availTopic, "online")
		r.stop(t)
		r.wantRetained(t, availTopic, "offline")
		r.wantRetained(t, stateTopic, "offline")

		if src.renewed != 1 {
			t.Errorf("%d tokens renewed, want 1", src.renewed)
		}
		lives := r.since(start.Add(-1), liveTopic)
		if n, want := len(lives), int(3*dayPart/(30*time.Second)); n < want-15 || n > want+5 {
			t.Errorf("%d live documents in %v at one in 30 s, want some %d", n, 3*dayPart, want)
		}
		for _, m := range lives {
			if m.Time.After(outage) && m.Time.Before(back) {
				t.Fatalf("a live document came in the outage, at %v", m.Time)
			}
		}
		if n := len(r.since(start.Add(-1), configTopic)); n > 7 { // two connections, a birth, and what becomes known little by little
			t.Errorf("announced %d times, want once for each connection and change", n)
		}
		states := r.since(start.Add(-1), availTopic)
		if first := states[0]; first.Payload != "online" || !first.Retain || first.QoS != 1 {
			t.Errorf("first availability %+v, want online, retained, QoS 1", first)
		}
		if n := strings.Count(r.log.String(), "\n"); n > 30 {
			t.Errorf("%d log lines, want transitions only:\n%s", n, r.log.String())
		}
		t.Logf("%d live documents, %d log lines", len(lives), strings.Count(r.log.String(), "\n"))
	})
}

// renewing is a token source with a second token after the first.
type renewing struct{ renewed int }

func (s *renewing) Token(context.Context, string) (string, error) {
	return []string{"first", "second"}[min(s.renewed, 1)], nil
}
func (s *renewing) Reject(string) { s.renewed++ }
func (s *renewing) Accept(string) {}

// TestConnect checks what a broker receives, and in which order.
func TestConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3})
		start := time.Now()
		r.start(t)
		time.Sleep(7 * time.Second)
		drop := time.Now()
		r.broker.Forget() // a restart without persistence
		time.Sleep(8 * time.Second)
		order := map[string]int{}
		for i, m := range r.broker.Messages() {
			if _, ok := order[m.Topic]; !ok && m.Time.After(drop) && m.Retain {
				order[m.Topic] = i + 1
			}
		}
		sequence := []string{"homeassistant/device/envoy_bridge/config", configTopic, powerTopic, availTopic, stateTopic}
		for i, topic := range sequence {
			if order[topic] == 0 || i > 0 && order[topic] < order[sequence[i-1]] {
				t.Errorf("%s came as number %d, after %v", topic, order[topic], order)
			}
		}
		_ = start
		r.stop(t)
		for _, m := range r.broker.Messages() {
			underLive := strings.HasPrefix(m.Topic, liveTopic)
			if m.Retain == underLive {
				t.Errorf("%s: retain %t", m.Topic, m.Retain)
			}
			if m.Topic == powerTopic && (m.Expiry == 0 || m.Expiry > 30 || m.QoS != 0) {
				t.Errorf("%s: expiry %d s, QoS %d, want at most 30, 0", m.Topic, m.Expiry, m.QoS)
			}
			if m.Topic == energyTopic && m.Expiry != 0 {
				t.Errorf("%s: expiry %d s, want none", m.Topic, m.Expiry)
			}
		}
	})
}

// TestPace: live with every sample, retained values at most every ten seconds
// and at least every third of STALE_AFTER.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = time.Second
		noon := time.Now().Add(12 * time.Hour) // the sun is up, the counters count
		r := newRig(&envoytest.Gateway{Phases: 3, Start: noon})
		r.Gateways[0].Interval = interval
		r.Gateways[0].StaleAfter = time.Minute
		start := time.Now()
		r.start(t)
		time.Sleep(10*time.Minute - interval/2) // between two readings
		r.stop(t)
		if n := len(r.since(start.Add(-1), liveTopic)); n != 600 {
			t.Errorf("%d live documents in 10 minutes at one a second, want 600", n)
		}
		for _, row := range []struct {
			topic    string
			count    int           // at least
			min, max time.Duration // between two
		}{
			{powerTopic, 30, 9800 * time.Millisecond, 20 * time.Second},
			{energyTopic, 10, 58 * time.Second, 70 * time.Second},
		} {
			records := r.since(start.Add(-1), row.topic)
			if len(records) < row.count {
				t.Errorf("%s came %d times in 10 minutes, want %d at least", row.topic, len(records), row.count)
			}
			for i := 1; i < len(records); i++ {
				isLast := i == len(records)-1 // at the stop
				if gap := records[i].Time.Sub(records[i-1].Time); (gap < row.min || gap > row.max) && !isLast {
					t.Errorf("%s came again after %v, want %v to %v", row.topic, gap, row.min, row.max)
				}
			}
		}
	})
}

// TestShortStaleAfter: a short STALE_AFTER beats the pace of Home Assistant.
func TestShortStaleAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.Gateways[0].Interval = time.Second
		r.Gateways[0].StaleAfter = 3 * time.Second
		r.start(t)
		time.Sleep(30 * time.Second)
		for range 50 {
			time.Sleep(100 * time.Millisecond)
			if _, ok := r.broker.Retained(powerTopic); !ok {
				t.Errorf("%s has expired although samples come", powerTopic)
			}
		}
		r.gateway.Fault(envoytest.Hang, -1)
		time.Sleep(4100 * time.Millisecond)
		r.wantRetained(t, availTopic, "offline")
		r.wantRetained(t, powerTopic, "")
		r.stop(t)
	})
}
