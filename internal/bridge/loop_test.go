package bridge

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

const testSerial = "122200000001"

// newTestLoop returns the event loop of a bridge with one gateway.
func newTestLoop(c GatewayConfig) *loop {
	c.Serial = testSerial
	return (&Bridge{Gateways: []GatewayConfig{c}}).newRun().loops[0]
}

// TestTasks checks that tasks keep their own interval and rest after slow
// answers.
func TestTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := envoytest.NewServer(&envoytest.Gateway{Serial: testSerial, Latency: 50 * time.Millisecond})
		defer srv.Close()
		client := &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("t"), Dial: srv.Dial}
		defer client.CloseIdle()
		l := newTestLoop(GatewayConfig{Client: client, Interval: time.Second})
		started := map[string][]time.Duration{}
		start := time.Now()
		newTask := func(name string, duration time.Duration, err error) *schedule.Task {
			return &schedule.Task{Name: name, Interval: time.Minute, Request: func(*envoy.Session) schedule.Request {
				started[name] = append(started[name], time.Since(start).Round(time.Second))
				return func(context.Context) func() error {
					time.Sleep(duration)
					return func() error { return err }
				}
			}}
		}
		l.schedule.Tasks = []*schedule.Task{newTask("slow", 8*time.Second, nil), newTask("quick", 20*time.Millisecond, errors.New("503"))}
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
		defer cancel()
		l.run(ctx)
		if n := len(started["slow"]); n != 3 { // at 0, and two minutes after the answer
			t.Errorf("the slow task was started at %v, want 3 times", started["slow"])
		}
		if n := len(started["quick"]); n < 5 || n > 6 {
			t.Errorf("the quick task was started at %v, want every minute", started["quick"])
		}
		if n := srv.Handshakes(); n > 1 {
			t.Errorf("%d handshakes", n)
		}
	})
}

// TestFirstSample checks that a gateway that waits for its first sample is not
// stale yet.
func TestFirstSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTestLoop(GatewayConfig{Client: &envoy.Client{Host: "127.0.0.1:1"}, Config: publish.Config{StaleAfter: 3 * time.Second}})
		l.schedule.NextSample = time.Now().Add(5 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		l.run(ctx)
		if l.publisher.IsOnline() || l.publisher.IsOffline() {
			t.Error("an availability was published before the first poll")
		}
	})
}

// TestMissingMeterIsAskedForAfterTheSample checks that samples have priority over
// the question whether a discarded meter still exists: the sample may be good.
func TestMissingMeterIsAskedForAfterTheSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gateway := &envoytest.Gateway{Serial: testSerial, Latency: 20 * time.Millisecond}
		srv := envoytest.NewServer(gateway)
		defer srv.Close()
		client := &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("t"), Dial: srv.Dial}
		defer client.CloseIdle()
		l := newTestLoop(GatewayConfig{Client: client, Interval: 5 * time.Second, Config: publish.Config{StaleAfter: 30 * time.Second}})
		changed := time.Now().Add(5*time.Minute + time.Second)
		time.AfterFunc(time.Until(changed), func() {
			gateway.Change(func(g *envoytest.Gateway) { g.CTs = envoytest.ProductionCT })
		})
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
		defer cancel()
		l.run(ctx)
		var sampled time.Time // start of the latest sample
		for _, q := range gateway.Requests() {
			if q.Path == "/production.json" {
				sampled = q.Time
			}
			if q.Path == "/ivp/meters" && q.Time.After(changed) {
				if q.Time.Sub(changed) < 30*time.Second || q.Time.Sub(sampled) > time.Second {
					t.Errorf("/ivp/meters came %v after the change and %v after a sample, want 30 s at least, and right after a sample", q.Time.Sub(changed), q.Time.Sub(sampled))
				}
				return
			}
		}
		t.Error("the gateway was not asked which meters it has")
	})
}

// TestResultAtStop checks that the result of a request that ends with the loop is not
// handled: the stop may be why the request has failed.
func TestResultAtStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 {
			l := newTestLoop(GatewayConfig{Client: new(envoy.Client)})
			l.requests.isRunning = true
			l.requests.results <- func() { t.Error("handled after the stop") }
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			l.run(ctx)
		}
	})
}
