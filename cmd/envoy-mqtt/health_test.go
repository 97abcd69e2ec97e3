package main

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

func TestHealthOf(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	gateways := []gatewayConfig{{Interval: 5 * time.Second, Timeout: 45 * time.Second}, {Interval: time.Hour, Timeout: 45 * time.Second}}
	for _, tt := range []struct {
		name    string
		started time.Duration // ago
		state   bridge.State
		want    health
	}{
		{"before the bridge runs", 0, bridge.State{}, health{}},
		{"all well", time.Hour, bridge.State{Broker: true, Gateways: []bridge.GatewayState{
			{Name: "A", Online: true, Polled: now.Add(-5 * time.Second)}, {Name: "B", Online: true, Polled: now.Add(-time.Hour)},
		}}, health{Broker: true}},
		{"gateways away, and tried", time.Hour, bridge.State{Broker: true, Gateways: []bridge.GatewayState{
			{Name: "A", Polled: now.Add(-time.Minute)}, {Name: "B", Polled: now.Add(-2 * time.Hour)},
		}}, health{Broker: true, Waiting: []string{"A", "B"}}},
		{"one stands still", time.Hour, bridge.State{Gateways: []bridge.GatewayState{
			{Name: "A", Polled: now.Add(-20 * time.Minute)}, {Name: "B", Online: true, Polled: now.Add(-2 * time.Hour)},
		}}, health{Stuck: []string{"A"}, Waiting: []string{"A"}}},
		{"a first poll that is not back yet", time.Minute, bridge.State{Gateways: []bridge.GatewayState{{Name: "A"}}}, health{Waiting: []string{"A"}}},
		{"a first poll that never comes back", time.Hour, bridge.State{Gateways: []bridge.GatewayState{{Name: "A"}}}, health{Stuck: []string{"A"}, Waiting: []string{"A"}}},
	} {
		tt.want.Time = now
		if got := healthOf(tt.state, gateways, now.Add(-tt.started), now); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: healthOf = %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestHealthVerdicts(t *testing.T) {
	for _, tt := range []struct {
		health
		alive, healthy, ready string // what is wrong
	}{
		{health{Broker: true}, "", "", ""},
		{health{Broker: true, Waiting: []string{"ENVOY", "ENVOY_B"}}, "", "", "no fresh data of ENVOY, ENVOY_B"},
		{health{}, "", "the broker is not connected", "the broker is not connected"},
		{health{Broker: true, Stuck: []string{"ENVOY"}}, "the polling of ENVOY stands still", "the polling of ENVOY stands still", "the polling of ENVOY stands still"},
	} {
		for _, v := range []struct {
			name string
			err  error
			want string
		}{{"alive", tt.health.alive(), tt.alive}, {"healthy", tt.health.healthy(), tt.healthy}, {"ready", tt.health.ready(), tt.ready}} {
			if v.want == "" && v.err != nil || v.want != "" && (v.err == nil || !strings.HasPrefix(v.err.Error(), v.want)) {
				t.Errorf("%+v is %s: %v, want %q", tt.health, v.name, v.err, v.want)
			}
		}
	}
}

// TestKeepHealth: little is written, what is new within a second, and a clean stop leaves nothing.
func TestKeepHealth(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var broker atomic.Bool
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() {
			keepHealth(ctx, dir, func() health { return health{Time: time.Now().UTC(), Broker: broker.Load()} }, zerolog.Nop())
			close(done)
		}()
		look := func(after time.Duration) health {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			h, err := readHealth(dir, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		first := look(0)
		if again := look(healthBeat - time.Second); !again.Time.Equal(first.Time) {
			t.Errorf("written at %v and at %v although nothing had changed", first.Time, again.Time)
		}
		if again := look(2 * time.Second); again.Time.Equal(first.Time) {
			t.Errorf("not written again after %v", healthBeat)
		}
		broker.Store(true)
		if h := look(healthLook); !h.Broker {
			t.Errorf("a second after the broker was connected the file says %+v", h)
		}
		cancel()
		<-done
		if _, err := readHealth(dir, time.Now()); err == nil || !strings.Contains(err.Error(), "the bridge is not running") {
			t.Errorf("after a clean stop: %v, want that the bridge is not running", err)
		}
	})
}

func TestReadHealthOfTheDead(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		file string
		want string
	}{
		{`{"time":"2026-11-24T11:59:30Z","broker":true}`, ""},
		{`{"time":"2026-11-24T11:58:30Z","broker":true}`, "has said nothing since"},
		{`{"time":"2026-11-24T13:00:00Z","broker":true}`, "has said nothing since"}, // the clock was set back; the next beat says better
		{`{"time":`, "health.json"},
	} {
		proctest.WriteFile(t, healthPath(dir), tt.file)
		_, err := readHealth(dir, now)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("readHealth of %s = %v, want %q", tt.file, err, tt.want)
		}
	}
}

// TestHealthcheck is the command beside the running program.
func TestHealthcheck(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	check := func(code int, words string, args ...string) {
		t.Helper()
		var got int
		var out string
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			var errs string
			got, out, errs = h.run(t, withAccount, append([]string{"healthcheck"}, args...)...)
			if out += errs; got == code && strings.Contains(out, words) {
				return
			}
		}
		t.Errorf("healthcheck %v: code %d and %q, want %d and %q", args, got, out, code, words)
	}
	check(1, "the bridge is not running")
	p := h.start(t, withAccount)
	check(0, "healthy", "--ready")
	h.server.Refuse(true)
	check(1, "no fresh data of ENVOY", "--ready")
	check(0, "healthy")
	h.broker.close()
	check(1, "the broker is not connected")
	p.Signal(os.Kill)
	if code, _, errs := h.run(t, "HSOT = x\n", "healthcheck"); code != 1 || !strings.Contains(errs, "did you mean HOST") {
		t.Errorf("healthcheck with a wrong configuration: code %d and %q, want 1 and what is wrong", code, errs)
	}
}

// TestUnwritableState: a state folder that cannot be written costs the health file, not the readings.
func TestUnwritableState(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	h.record(t)
	if err := os.WriteFile(filepath.Join(h.dir, "state"), nil, 0o600); err != nil { // no folder, even for root
		t.Fatal(err)
	}
	p := h.start(t, "TOKEN = "+enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})+"\n")
	p.Await("no health file")
	proctest.Await(t, "readings", func() bool { return strings.Contains(h.recorded(), "/live ") })
	p.Stop()
	if n := strings.Count(p.Output(), "no health file"); n != 1 {
		t.Errorf("said %d times that there is no health file, want once", n)
	}
}
