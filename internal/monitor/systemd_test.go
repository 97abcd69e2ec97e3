package monitor

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
)

// TestWatchdog: a gateway that is dead for ever is no hang, a loop that stands still is one, and one
// loop that turns does not speak for another.
func TestWatchdog(t *testing.T) {
	limit := func(string) time.Duration { return 17*time.Minute + 40*time.Second }
	const hour = 60 * time.Minute
	for _, tt := range []struct {
		name   string
		online bool
		polled [2]time.Duration // until when the two gateways' polls end one after the other
		fed    int              // once a minute of two hours
	}{
		{"all is well", true, [2]time.Duration{2 * hour, 2 * hour}, 120},
		{"dead gateways", false, [2]time.Duration{2 * hour, 2 * hour}, 120},
		{"both stand still after an hour", true, [2]time.Duration{hour, hour}, 78}, // and are detected after the limit
		{"one of two stands still after an hour", true, [2]time.Duration{2 * hour, hour}, 78},
		{"the first poll never ends", false, [2]time.Duration{}, 18},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				fed := 0
				s := &Systemd{watchdog: 3 * time.Minute, notify: func(state string) {
					if state == "WATCHDOG=1" {
						fed++
					}
				}}
				ctx, cancel := context.WithTimeout(t.Context(), 2*hour-time.Second)
				defer cancel()
				s.Watch(ctx, func() (bridge.State, Health) {
					state := bridge.State{Broker: true}
					for _, until := range tt.polled {
						g := bridge.GatewayState{Name: "ENVOY", Online: tt.online}
						if until > 0 {
							g.Polled = started.Add(min(time.Since(started), until))
						}
						state.Gateways = append(state.Gateways, g)
					}
					return state, NewHealth(state, limit, started, time.Now())
				})
				if fed != tt.fed {
					t.Errorf("the watchdog was fed %d times in two hours, want %d", fed, tt.fed)
				}
			})
		})
	}
}

// TestSystemdStates: not ready before the loops run, a status when it has changed, and the end.
func TestSystemdStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		states := []struct {
			bridge.State
			Health
		}{
			{}, // not running yet
			{bridge.State{Gateways: make([]bridge.GatewayState, 2)}, Health{Waiting: []string{"ENVOY", "ENVOY_BARN"}}},
			{bridge.State{Gateways: make([]bridge.GatewayState, 2), Broker: true}, Health{Waiting: []string{"ENVOY_BARN"}}},
			{bridge.State{Gateways: make([]bridge.GatewayState, 2), Broker: true}, Health{}},
			{bridge.State{Gateways: make([]bridge.GatewayState, 2), Broker: true}, Health{}},
		}
		ctx, cancel := context.WithCancel(t.Context())
		(&Systemd{notify: func(state string) { got = append(got, state) }}).Watch(ctx, func() (bridge.State, Health) {
			now := states[0]
			if states = states[1:]; len(states) == 0 {
				cancel()
			}
			return now.State, now.Health
		})
		want := []string{
			"READY=1",
			"STATUS=0 of 2 gateways read, no fresh data of ENVOY, ENVOY_BARN, broker not connected",
			"STATUS=1 of 2 gateways read, no fresh data of ENVOY_BARN",
			"STATUS=2 of 2 gateways read",
			"STOPPING=1",
		}
		if !slices.Equal(got, want) {
			t.Errorf("systemd received\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestNoSystemd: without its variables nothing is sent, and nothing is logged.
func TestNoSystemd(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	var log strings.Builder
	s := NewSystemd(zerolog.New(&log))
	s.notify("READY=1")
	if s.watchdog != 0 || log.Len() > 0 {
		t.Errorf("watchdog %v, log %q; want neither", s.watchdog, log.String())
	}
}
