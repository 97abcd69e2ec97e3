package command

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

func TestLogWorking(t *testing.T) {
	on := bridge.GatewayState{Name: "ENVOY", Serial: "122012345678", Online: true, Polled: time.Now()}
	failed := on
	failed.Err = errors.New("no response")
	off := bridge.GatewayState{Name: "ENVOY_B"}
	for _, tt := range []struct {
		name  string
		state bridge.State
		want  string // a part of the log line, "" for none
	}{
		{"nothing yet", bridge.State{}, ""},
		{"no broker", bridge.State{Published: 9, Gateways: []bridge.GatewayState{on}}, ""},
		{"nothing published", bridge.State{Broker: true, Gateways: []bridge.GatewayState{on}}, ""},
		{"one is missing", bridge.State{Broker: true, Published: 9, Gateways: []bridge.GatewayState{on, off}}, ""},
		{"no right to publish", bridge.State{Broker: true, IsRejecting: true, Published: 9, Gateways: []bridge.GatewayState{on}}, ""},
		{"online by the bridge before", bridge.State{Broker: true, Published: 9, Gateways: []bridge.GatewayState{failed}}, ""},
		{"one", bridge.State{Broker: true, Published: 9, Gateways: []bridge.GatewayState{on}}, `"gateways":1,"topic":"home/122012345678/live"`},
		{"several", bridge.State{Broker: true, Published: 9, Gateways: []bridge.GatewayState{on, on}}, `"gateways":2,"topic":"home/+/live"`},
	} {
		synctest.Test(t, func(t *testing.T) {
			var state atomic.Pointer[bridge.State]
			state.Store(new(bridge.State))
			var log bytes.Buffer
			done := make(chan struct{})
			go func() {
				defer close(done)
				logWorking(t.Context(), func() bridge.State { return *state.Load() }, "home", zerolog.New(&log))
			}()
			time.Sleep(time.Minute)
			state.Store(&tt.state)
			time.Sleep(time.Minute)
			synctest.Wait()
			if tt.want == "" {
				if log.Len() > 0 {
					t.Errorf("%s: log %q, want none", tt.name, log.String())
				}
				state.Store(&bridge.State{Broker: true, Published: 1, Gateways: []bridge.GatewayState{on}})
				<-done
				return
			}
			<-done
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, tt.want) {
				t.Errorf("%s: log %q, want one line with %q", tt.name, got, tt.want)
			}
		})
	}
}

// TestRunLogsThatItWorks checks the line of a whole bridge, and that it comes once.
func TestRunLogsThatItWorks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	p := h.start(t, withAccount)
	p.Await(`"gateways":1,"topic":"envoy/122012345678/live","time":`)
	p.Stop()
	if n := strings.Count(p.Output(), "everything works, publishing"); n != 1 {
		t.Errorf("logged %d times that everything works, want once", n)
	}
}
