package bridge_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/limiter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit/limittest"
)

const (
	limitSet    = "envoy/" + serial + "/limit/set"
	limitResult = "envoy/" + serial + "/limit/result"
)

// A journal is one in memory.
type journal struct {
	mu   sync.Mutex
	data map[string][]byte
	err  error
}

func (j *journal) Load(serial string, done func([]byte, error)) {
	j.mu.Lock()
	data := j.data[serial]
	j.mu.Unlock()
	go done(data, nil)
}

func (j *journal) Save(serial string, data []byte, done func(error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.data[serial] = data
	}
	err := j.err
	go func() {
		time.Sleep(10 * time.Millisecond)
		done(err)
	}()
}

func (j *journal) has(serial string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.data[serial] != nil
}

// A limitRig is a rig whose gateway can be limited, and what is recorded about it.
type limitRig struct {
	*rig
	*limittest.Recorder
	journal   *journal
	installer string // the token that may write
}

func newLimitRig(l *envoytest.PowerLimiter) *limitRig {
	r := &limitRig{rig: newRig(&envoytest.Gateway{Start: noon(), PowerLimit: l}), journal: &journal{data: map[string][]byte{}}}
	r.Recorder = limittest.NewRecorder(r.gateway)
	r.configure("run 1", true)
	return r
}

// configure changes the configuration of the next bridge.
func (r *limitRig) configure(run string, enabled bool) {
	r.Gateways[0] = r.feed("ENVOY", r.server)
	r.Gateways[0].Limit = limiter.Config{Enabled: enabled, Forever: true, Run: run, Journal: r.journal, Writer: func(serial string) *powerlimit.Writer {
		return &powerlimit.Writer{Client: &envoy.Client{Host: r.server.URL, Serial: serial, Tokens: auth.StaticToken(cmp.Or(r.installer, "installer")), Dial: r.server.Dial}, Serial: serial}
	}}
}

// run starts a bridge, calls f and ends it with a cause; nil is a stop.
func (r *limitRig) run(t *testing.T, cause error, f func()) {
	t.Helper()
	c := r.Gateways[0].Limit
	if n := len(r.Recording); n == 0 || r.Recording[n-1].Kind != limittest.Reloaded { // otherwise it has
		r.Note(limittest.Event{Kind: limittest.Started, Enabled: c.Enabled, Forever: c.Forever})
	}
	b := &bridge.Bridge{Gateways: r.Gateways, MQTT: r.MQTT, Log: r.Log}
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	time.Sleep(10 * time.Second)
	f()
	if cause == nil {
		r.Note(limittest.Event{Kind: limittest.Stopping})
	}
	cancel(cause)
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
	time.Sleep(50 * time.Millisecond) // the journal
	r.Gateways[0].Client.CloseIdle()
	if errors.Is(cause, bridge.ErrHandover) {
		r.Note(limittest.Event{Kind: limittest.Reloaded, Enabled: c.Enabled, Forever: c.Forever})
	} else {
		r.Note(limittest.Event{Kind: limittest.Ended})
	}
}

func (r *limitRig) send(payload string) {
	r.Note(limittest.Event{Kind: limittest.Sent, Payload: payload})
	r.broker.Publish(limitSet, payload, false)
}

// results returns what was published under limit/result.
func (r *limitRig) results() (all []limit.Result) {
	for _, m := range r.broker.Messages() {
		var result limit.Result
		if m.Topic == limitResult && json.Unmarshal([]byte(m.Payload), &result) == nil {
			all = append(all, result)
		}
	}
	return all
}

// statuses returns the statuses of the results, a repeated one once.
func (r *limitRig) statuses() string {
	var all []string
	for _, result := range r.results() {
		all = append(all, string(result.Status))
	}
	return strings.Join(slices.Compact(all), " ")
}

// end checks what was recorded, and ends the rig.
func (r *limitRig) end(t *testing.T) {
	t.Helper()
	r.Check(t)
	if t.Failed() {
		t.Log(r.log.String())
	}
	r.broker.Close()
	r.server.Close()
}

func (r *limitRig) wantWrites(t *testing.T, want int) {
	t.Helper()
	if n := len(r.gateway.LimitWrites()); n != want {
		t.Errorf("%d writes, want %d", n, want)
	}
}

// noon is when a simulated gateway begins that produces much.
func noon() time.Time { return time.Now().Add(12 * time.Hour) }
