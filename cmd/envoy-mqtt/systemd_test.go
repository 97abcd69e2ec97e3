package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestWatchdogFollowsThePolls: a gateway that is dead for ever is no hang, a loop that stands still is one, and one
// loop that turns does not speak for another.
func TestWatchdogFollowsThePolls(t *testing.T) {
	gateways := []gatewayConfig{{Interval: 5 * time.Second, Timeout: 45 * time.Second}, {Interval: 5 * time.Second, Timeout: 45 * time.Second}}
	const hour = 60 * time.Minute
	for _, tt := range []struct {
		name   string
		online bool
		polled [2]time.Duration // until when the two gateways' polls end one after the other
		fed    int              // once a minute of two hours
	}{
		{"all is well", true, [2]time.Duration{2 * hour, 2 * hour}, 120},
		{"dead gateways", false, [2]time.Duration{2 * hour, 2 * hour}, 120},
		{"both stand still after an hour", true, [2]time.Duration{hour, hour}, 78}, // and are found out after stuckAfter
		{"one of two stands still after an hour", true, [2]time.Duration{2 * hour, hour}, 78},
		{"the first poll never ends", false, [2]time.Duration{}, 18},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				fed := 0
				s := systemd{watchdog: 3 * time.Minute, notify: func(state string) {
					if state == "WATCHDOG=1" {
						fed++
					}
				}}
				ctx, cancel := context.WithTimeout(t.Context(), 2*hour-time.Second)
				defer cancel()
				s.watch(ctx, func() (bridge.State, health) {
					state := bridge.State{Broker: true}
					for _, until := range tt.polled {
						g := bridge.GatewayState{Name: "ENVOY", Online: tt.online}
						if until > 0 {
							g.Polled = started.Add(min(time.Since(started), until))
						}
						state.Gateways = append(state.Gateways, g)
					}
					return state, healthOf(state, gateways, started, time.Now())
				})
				if fed != tt.fed {
					t.Errorf("the watchdog was fed %d times in two hours, want %d", fed, tt.fed)
				}
			})
		})
	}
}

// TestWhatSystemdIsTold: not ready before the loops run, a status when it has changed, and the end.
func TestWhatSystemdIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		states := []struct {
			bridge.State
			health
		}{
			{}, // not running yet
			{bridge.State{Gateways: make([]bridge.GatewayState, 2)}, health{Waiting: []string{"ENVOY", "ENVOY_BARN"}}},
			{bridge.State{Gateways: make([]bridge.GatewayState, 2), Broker: true}, health{Waiting: []string{"ENVOY_BARN"}}},
			{bridge.State{Gateways: make([]bridge.GatewayState, 2), Broker: true}, health{}},
			{bridge.State{Gateways: make([]bridge.GatewayState, 2), Broker: true}, health{}},
		}
		ctx, cancel := context.WithCancel(t.Context())
		systemd{notify: func(state string) { got = append(got, state) }}.watch(ctx, func() (bridge.State, health) {
			now := states[0]
			if states = states[1:]; len(states) == 0 {
				cancel()
			}
			return now.State, now.health
		})
		want := []string{
			"READY=1",
			"STATUS=0 of 2 gateways read, no fresh data of ENVOY, ENVOY_BARN, broker not connected",
			"STATUS=1 of 2 gateways read, no fresh data of ENVOY_BARN",
			"STATUS=2 of 2 gateways read",
			"STOPPING=1",
		}
		if !slices.Equal(got, want) {
			t.Errorf("systemd was told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// A notifySocket is systemd's end of the socket in NOTIFY_SOCKET.
type notifySocket struct {
	path string
	mu   sync.Mutex // guards got
	got  []string
}

func newNotifySocket(t *testing.T) *notifySocket {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") //nolint:usetesting // t.TempDir's path can be longer than a socket's may be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	n := &notifySocket{path: filepath.Join(dir, "s")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: n.path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			size, err := conn.Read(buf)
			if err != nil {
				return // closed
			}
			n.mu.Lock()
			n.got = append(n.got, string(buf[:size]))
			n.mu.Unlock()
		}
	}()
	return n
}

func (n *notifySocket) heard() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.got)
}

func (n *notifySocket) await(t *testing.T, states ...string) {
	t.Helper()
	for _, state := range states {
		proctest.Await(t, state+" in NOTIFY_SOCKET", func() bool { return slices.Contains(n.heard(), state) })
	}
}

// TestNotify runs the program under a real NOTIFY_SOCKET.
func TestNotify(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	s := newNotifySocket(t)
	h.environ = append(h.environ, "NOTIFY_SOCKET="+s.path, "WATCHDOG_USEC=2000000")
	h.server.Refuse(true)
	p := h.start(t, withAccount)
	s.await(t, "READY=1", "STATUS=0 of 1 gateways read, no fresh data of ENVOY", "WATCHDOG=1")
	h.server.Refuse(false)
	s.await(t, "STATUS=1 of 1 gateways read")

	before := len(s.heard())
	h.command(t, withAccount+"NAME = Roof\n") // writes config.ini
	p.Signal(syscall.SIGHUP)
	s.await(t, "RELOADING=1")
	proctest.Await(t, "READY=1 with another configuration", func() bool { return slices.Contains(s.heard()[before:], "READY=1") })
	if slices.Contains(s.heard(), "STOPPING=1") {
		t.Errorf("systemd heard STOPPING=1 of a program that goes on: it would kill it")
	}
	p.Stop()
	s.await(t, "STOPPING=1")
}

// TestNotReadyWithAWrongConfiguration: systemd must see the start fail.
func TestNotReadyWithAWrongConfiguration(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	s := newNotifySocket(t)
	h.environ = append(h.environ, "NOTIFY_SOCKET="+s.path)
	if code, _, stderr := h.run(t, "HOTS = 192.0.2.1\n", "run"); code != 2 {
		t.Errorf("exit code %d, want 2\n%s", code, stderr)
	}
	if got := s.heard(); len(got) > 0 {
		t.Errorf("systemd heard %q of a program that could not start", got)
	}
}

// TestNoSystemd: without its variables nothing is told, and nothing is logged.
func TestNoSystemd(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	var log strings.Builder
	s := newSystemd(zerolog.New(&log))
	s.notify("READY=1")
	if s.watchdog != 0 || log.Len() > 0 {
		t.Errorf("watchdog %v, log %q; want neither", s.watchdog, log.String())
	}
}
