package monitor

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
)

func TestNewHealth(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	limits := map[string]time.Duration{"A": 18 * time.Minute, "B": 3 * time.Hour}
	limit := func(name string) time.Duration { return limits[name] }
	for _, tt := range []struct {
		name    string
		started time.Duration // ago
		state   bridge.State
		want    Health
	}{
		{"before the bridge runs", 0, bridge.State{}, Health{}},
		{"all well", time.Hour, bridge.State{Broker: true, Gateways: []bridge.GatewayState{
			{Name: "A", Online: true, Polled: now.Add(-5 * time.Second)}, {Name: "B", Online: true, Polled: now.Add(-time.Hour)},
		}}, Health{Broker: true}},
		{"gateways away, and tried", time.Hour, bridge.State{Broker: true, Gateways: []bridge.GatewayState{
			{Name: "A", Polled: now.Add(-time.Minute)}, {Name: "B", Polled: now.Add(-2 * time.Hour)},
		}}, Health{Broker: true, Waiting: []string{"A", "B"}}},
		{"one stands still", time.Hour, bridge.State{Gateways: []bridge.GatewayState{
			{Name: "A", Polled: now.Add(-20 * time.Minute)}, {Name: "B", Online: true, Polled: now.Add(-2 * time.Hour)},
		}}, Health{Stuck: []string{"A"}, Waiting: []string{"A"}}},
		{"a first poll that is not back yet", time.Minute, bridge.State{Gateways: []bridge.GatewayState{{Name: "A"}}}, Health{Waiting: []string{"A"}}},
		{"a first poll that never comes back", time.Hour, bridge.State{Gateways: []bridge.GatewayState{{Name: "A"}}}, Health{Stuck: []string{"A"}, Waiting: []string{"A"}}},
	} {
		tt.want.Time = now
		if got := NewHealth(tt.state, limit, now.Add(-tt.started), now); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: NewHealth = %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestHealthVerdicts(t *testing.T) {
	for _, tt := range []struct {
		Health
		alive, healthy, ready string // expected errors
	}{
		{Health{Broker: true}, "", "", ""},
		{Health{Broker: true, Waiting: []string{"ENVOY", "ENVOY_B"}}, "", "", "no fresh data of ENVOY, ENVOY_B"},
		{Health{}, "", "the broker is not connected", "the broker is not connected"},
		{Health{Broker: true, Stuck: []string{"ENVOY"}}, "the polling of ENVOY has stopped", "the polling of ENVOY has stopped", "the polling of ENVOY has stopped"},
	} {
		for _, v := range []struct {
			name string
			err  error
			want string
		}{{"alive", tt.Alive(), tt.alive}, {"healthy", tt.Healthy(), tt.healthy}, {"ready", tt.Ready(), tt.ready}} {
			if v.want == "" && v.err != nil || v.want != "" && (v.err == nil || !strings.HasPrefix(v.err.Error(), v.want)) {
				t.Errorf("%+v is %s: %v, want %q", tt.Health, v.name, v.err, v.want)
			}
		}
	}
}

// TestWriteHealth: little is written, what is new within a second, and a clean stop leaves nothing.
func TestWriteHealth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "health.json")
	synctest.Test(t, func(t *testing.T) {
		var broker atomic.Bool
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() {
			WriteHealth(ctx, path, func() Health { return Health{Time: time.Now().UTC(), Broker: broker.Load()} }, zerolog.Nop())
			close(done)
		}()
		look := func(after time.Duration) Health {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			h, err := ReadHealth(path, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		first := look(0)
		if again := look(healthRefreshInterval - time.Second); !again.Time.Equal(first.Time) {
			t.Errorf("written at %v and at %v although nothing had changed", first.Time, again.Time)
		}
		if again := look(2 * time.Second); again.Time.Equal(first.Time) {
			t.Errorf("not written again after %v", healthRefreshInterval)
		}
		broker.Store(true)
		if h := look(healthInterval); !h.Broker {
			t.Errorf("a second after the broker was connected the file says %+v", h)
		}
		cancel()
		<-done
		if _, err := ReadHealth(path, time.Now()); err == nil || !strings.Contains(err.Error(), "the bridge is not running") {
			t.Errorf("after a clean stop: %v, want that the bridge is not running", err)
		}
	})
}

func TestReadOldHealth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "health.json")
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		file string
		want string
	}{
		{`{"time":"2026-11-24T11:59:30Z","broker":true}`, ""},
		{`{"time":"2026-11-24T11:58:30Z","broker":true}`, "has not written its health since"},
		{`{"time":"2026-11-24T13:00:00Z","broker":true}`, "has not written its health since"}, // the clock was set back; the next beat says better
		{`{"time":`, "health.json"},
	} {
		if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadHealth(path, now)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ReadHealth of %s = %v, want %q", tt.file, err, tt.want)
		}
	}
}
