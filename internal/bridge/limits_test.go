package bridge_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/limiter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
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
	journal   *journal
	recording limittest.Recording
	written   int
	began     time.Time
	installer string // the token that may write
}

func newLimitRig(l *envoytest.PowerLimiter) *limitRig {
	r := &limitRig{rig: newRig(&envoytest.Gateway{Start: noon(), PowerLimit: l}), journal: &journal{data: map[string][]byte{}}, began: time.Now()}
	r.configure("run 1", true)
	return r
}

// configure changes the configuration of the next bridge.
func (r *limitRig) configure(run string, enabled bool) {
	r.Gateways[0] = r.feed("ENVOY", r.server)
	r.Gateways[0].Limit = &limiter.Config{Enabled: enabled, Forever: true, Run: run, Journal: r.journal, Writer: func(serial string) limiter.Writer {
		return &powerlimit.Writer{Client: &envoy.Client{Host: r.server.URL, Serial: serial, Tokens: auth.StaticToken(cmp.Or(r.installer, "installer")), Dial: r.server.Dial}, Serial: serial}
	}}
}

func (r *limitRig) note(e limittest.Event) {
	for _, w := range r.gateway.LimitWrites()[r.written:] {
		r.written++
		if w.Code != 200 {
			continue
		}
		e := limittest.Event{At: w.Time.Sub(r.began), Kind: limittest.Write, Setting: limit.Setting{Active: w.Enabled, Export: w.Export, Watts: w.Watts}}
		if !w.Enabled {
			e.Setting = limit.Setting{}
		}
		if w.Switch {
			e.Lever, e.Setting = limit.Switch, limit.Setting{Off: w.Off}
		}
		r.recording = append(r.recording, e)
		e.Kind = limittest.Changed
		r.recording = append(r.recording, e)
	}
	e.At = time.Since(r.began)
	if e.Kind != "" {
		r.recording = append(r.recording, e)
	}
}

// run starts a bridge, calls f and ends it with a cause; nil is a stop.
func (r *limitRig) run(t *testing.T, cause error, f func()) {
	t.Helper()
	kind := limittest.Started
	if len(r.recording) > 0 && r.recording[len(r.recording)-1].Kind == limittest.Reloaded {
		kind = "" // already
	}
	c := r.Gateways[0].Limit
	r.note(limittest.Event{Kind: kind, Enabled: c.Enabled, Forever: c.Forever})
	b := &bridge.Bridge{Gateways: r.Gateways, MQTT: r.MQTT, Log: r.Log}
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	time.Sleep(10 * time.Second)
	f()
	if cause == nil {
		r.note(limittest.Event{Kind: limittest.Stopping})
	}
	cancel(cause)
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
	time.Sleep(50 * time.Millisecond) // the journal
	r.Gateways[0].Client.CloseIdle()
	if errors.Is(cause, bridge.ErrHandover) {
		r.note(limittest.Event{Kind: limittest.Reloaded, Enabled: c.Enabled, Forever: c.Forever})
	} else {
		r.note(limittest.Event{Kind: limittest.Ended})
	}
}

func (r *limitRig) send(payload string) {
	r.note(limittest.Event{Kind: limittest.Sent, Payload: payload})
	r.broker.Publish(limitSet, payload, false)
}

// results returns the statuses published since the previous call.
func (r *limitRig) results() string {
	var all []string
	for _, m := range r.broker.Messages() {
		if m.Topic != limitResult {
			continue
		}
		var doc struct{ Result, Text string }
		if err := json.Unmarshal([]byte(m.Payload), &doc); err != nil {
			doc.Result = err.Error()
		}
		if n := len(all); n == 0 || all[n-1] != doc.Result {
			all = append(all, doc.Result)
		}
	}
	return strings.Join(all, " ")
}

// check ends the rig.
func (r *limitRig) check(t *testing.T) {
	t.Helper()
	r.note(limittest.Event{Kind: "end"})
	for _, v := range limittest.Check(r.recording) {
		t.Errorf("%v", v)
	}
	if t.Failed() {
		for _, e := range r.recording {
			t.Log(e)
		}
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

// TestLimitLease: a command is applied, read back and measured, and ends.
func TestLimitLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(&envoytest.PowerLimiter{Delay: 75 * time.Second})
		r.run(t, nil, func() {
			r.send(`{"production": 500, "for": "10m"}`)
			time.Sleep(5 * time.Minute)
			for topic, want := range map[string]string{"state": "active", "power": "500", "applies_to": "production"} {
				r.wantRetained(t, "envoy/"+serial+"/limit/"+topic, want)
			}
			if !r.journal.has(serial) {
				t.Error("nothing is in the journal")
			}
			time.Sleep(6 * time.Minute)
			r.wantRetained(t, "envoy/"+serial+"/limit/state", "off")
			if r.journal.has(serial) {
				t.Error("the journal was not removed")
			}
		})
		if got, want := r.results(), "accepted applied effective expired"; got != want {
			t.Errorf("results %q, want %q", got, want)
		}
		r.wantWrites(t, 2)
		r.check(t)
	})
}

// TestLimitMessages: retained messages, garbage and what arrives while connecting are
// rejected; retained ones are cleared; of a flood one command is carried out.
func TestLimitMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(new(envoytest.PowerLimiter))
		r.broker.Publish(limitSet, `{"export": 0}`, true)
		r.run(t, nil, func() {
			r.wantRetained(t, limitSet, "")
			r.broker.Publish(limitSet, `{"export": 0}`, true) // while subscribed
			r.broker.Publish(limitSet, "garbage", false)
			time.Sleep(time.Minute)
			r.wantRetained(t, limitSet, "")
			r.broker.Drop()
			for range 100 {
				r.broker.Publish(limitSet, `{"export": 0}`, false)
				time.Sleep(20 * time.Millisecond)
			}
			time.Sleep(time.Minute)
			r.wantWrites(t, 0)
			if got, want := r.results(), "refused"; got != want {
				t.Errorf("results %q, want %q", got, want)
			}
			for i := range 1000 {
				r.broker.Publish(limitSet, fmt.Sprintf(`{"%d": 0}`, i), false)
				r.broker.Publish(limitSet, `{"off": true}`, false)
				time.Sleep(time.Millisecond)
			}
			r.results()
			for i := range 1000 {
				r.send(fmt.Sprintf(`{"export": %d}`, i))
				time.Sleep(time.Millisecond)
			}
			time.Sleep(30 * time.Second)
			r.wantWrites(t, 1)
			if w := r.gateway.LimitWrites()[0]; w.Watts != 999 {
				t.Errorf("%+v, want 999 W", w)
			}
		})
		if lines := strings.Count(r.log.String(), "power limit"); lines > 25 { // of more than 3,000 commands
			t.Errorf("%d lines of the log:\n%s", lines, r.log.String())
		}
		r.wantWrites(t, 2)
		r.check(t)
	})
}

// TestLimitStops: what becomes of a lease when the bridge ends, and at the next start.
func TestLimitStops(t *testing.T) {
	for _, tt := range []struct {
		name, payload string
		cause         error
		away          bool // the gateway, at the end
		run           string
		disabled      bool // at the next start
		ended, after  int  // writes until the end, and until two minutes after the next start
	}{
		{"stop", `{"export":100,"for":"1h"}`, nil, false, "run 2", false, 2, 2},
		{"stop without the gateway", `{"export":100,"for":"1h"}`, nil, true, "run 2", false, 1, 2},
		{"stop, forever", `{"export":100,"for":"forever"}`, nil, false, "run 2", false, 1, 1},
		{"stop, LIMIT off", `{"export":100,"for":"forever"}`, nil, false, "run 2", true, 1, 2},
		{"reload", `{"export":100,"for":"1h"}`, bridge.ErrHandover, false, "run 1", false, 1, 1},
		{"reload, LIMIT off", `{"export":100,"for":"1h"}`, bridge.ErrHandover, false, "run 1", true, 1, 2},
		{"reload without the section", `{"export":100,"for":"forever"}`, bridge.RemovedGateways{"ENVOY"}, false, "run 1", false, 2, 2},
		{"crash", `{"export":100,"for":"1h"}`, bridge.ErrHandover, false, "run 2", false, 1, 2}, // that is all a crash leaves
		{"production off", `{"production_off":true,"for":"1h"}`, nil, false, "run 2", false, 2, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newLimitRig(new(envoytest.PowerLimiter))
				r.run(t, tt.cause, func() {
					r.send(tt.payload)
					time.Sleep(12 * time.Second)
					if tt.away {
						r.gateway.Fault(envoytest.Busy, -1)
					}
				})
				r.wantWrites(t, tt.ended)
				r.gateway.Clear()
				r.configure(tt.run, !tt.disabled)
				if tt.run == "run 2" || tt.disabled { // not as recorded
					r.recording = nil
				}
				r.run(t, bridge.ErrHandover, func() { time.Sleep(3 * time.Minute) })
				r.wantWrites(t, tt.after)
				if has := r.journal.has(serial); has != (tt.after == 1) {
					t.Errorf("the journal has a lease: %t", has)
				}
				r.recording = nil
				r.check(t)
			})
		})
	}
}

// TestLimitOff: without LIMIT nothing is subscribed to, and a journal that cannot be
// read costs an error.
func TestLimitOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(new(envoytest.PowerLimiter))
		r.configure("run 1", false)
		r.journal.data[serial] = []byte("{")
		r.run(t, nil, func() {
			r.broker.Publish(limitSet, `{"export": 0}`, false)
			time.Sleep(time.Minute)
		})
		for _, s := range r.broker.Subscribes() {
			if strings.Contains(s.Filter, "limit/set") {
				t.Errorf("subscribed: %+v", s)
			}
		}
		if got := r.results(); got != "" {
			t.Errorf("results %q", got)
		}
		if !strings.Contains(r.log.String(), "journal of the power limit cannot be read") {
			t.Error("nothing was logged about the journal")
		}
		r.wantWrites(t, 0)
		r.check(t)
	})
}

// TestLimitVariants: what comes of a command at each firmware that was reported. The
// owner's token reads all the time, although the sessions of the installer end its own.
func TestLimitVariants(t *testing.T) {
	for _, tt := range []struct{ variant, payload, want, text string }{
		{"10s", `{"production":500,"for":"10m"}`, "accepted applied effective expired", "500 W asked, 5"},
		{"75s", `{"production":500,"for":"10m"}`, "accepted applied effective expired", "500 W asked, 5"},
		{"300s", `{"production":500,"for":"10m"}`, "accepted applied effective expired", "500 W asked, 5"},
		{"300s", `{"export":0,"for":"10m"}`, "accepted applied effective expired", ""},
		{"inverted", `{"export":0,"for":"10m"}`, "accepted applied effective no_effect restored", "the power does the opposite"},
		{"ignores", `{"production":500,"for":"10m"}`, "accepted restored", "the gateway has not taken the setting"},
		{"401", `{"production":500,"for":"10m"}`, "refused", "needs installer role"},
		{"404", `{"production":500,"for":"10m"}`, "refused", "not supported"},
		{"503", `{"production":500,"for":"10m"}`, "refused", "not supported"},
		{"hourly", `{"production":500,"for":"10m"}`, "accepted applied effective restored", "the gateway has not kept the setting"},
		{"late", `{"production_off":true,"for":"10m"}`, "accepted applied effective expired", "0 W asked, 0 W"},
	} {
		t.Run(tt.variant+" "+tt.payload[2:8], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, ok := envoytest.LimitVariant(tt.variant)
				if !ok {
					t.Fatal(tt.variant)
				}
				if tt.variant == "hourly" {
					time.Sleep(57 * time.Minute) // the bubble begins at a full hour
				}
				r := newLimitRig(l)
				r.gateway.RequireCookie = true
				r.Gateways[0].Client.Tokens = auth.StaticToken(enlightentest.Sign(enlightentest.Claims{Serial: serial, Role: "owner"}))
				r.installer = enlightentest.Sign(enlightentest.Claims{Serial: serial, Role: "installer"})
				r.run(t, nil, func() {
					r.send(tt.payload)
					time.Sleep(20 * time.Minute)
				})
				all, text := r.results(), ""
				for _, m := range r.broker.Messages() {
					if m.Topic == limitResult {
						text += m.Payload + "\n"
					}
				}
				if all != tt.want || !strings.Contains(text, tt.text) {
					t.Errorf("results %q with\n%swant %q with %q", all, text, tt.want, tt.text)
				}
				if l.Enabled || l.Off {
					t.Error("there is still a limit")
				}
				if n := strings.Count(r.log.String(), "gateway read failed"); n > 0 {
					t.Errorf("%d readings failed", n)
				}
				if tt.variant == "inverted" || tt.variant == "ignores" || tt.variant == "hourly" {
					r.recording = nil // which does not have what the gateway did by itself
				}
				r.check(t)
			})
		})
	}
}

// TestLimitRole: without the role nothing is tried again and again.
func TestLimitRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(&envoytest.PowerLimiter{Installer: "another"})
		r.run(t, nil, func() {
			r.send("0")
			time.Sleep(10 * time.Minute)
		})
		if !strings.HasPrefix(r.results(), "accepted refused") && r.results() != "refused" {
			t.Errorf("results %q", r.results())
		}
		if text, _ := r.broker.Retained(limitResult); !strings.Contains(text, "needs installer role") {
			t.Errorf("result %s", text)
		}
		if n := len(r.gateway.LimitWrites()); n > 2 { // of one request, which asks for the role again
			t.Errorf("%d writes were tried", n)
		}
		r.recording = nil
		r.check(t)
	})
}

// TestLimitFailures: without the subscription or the journal no command is carried
// out.
func TestLimitFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(new(envoytest.PowerLimiter))
		r.broker.Deny("envoy/+/limit/set", 0x87)
		r.run(t, nil, func() {
			r.broker.Publish(limitSet, "0", false)
			time.Sleep(time.Minute)
		})
		if !strings.Contains(r.log.String(), "no commands are received") || r.results() != "" {
			t.Errorf("results %q, log %s", r.results(), r.log.String())
		}
		r.recording = nil
		r.check(t)
	})
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(new(envoytest.PowerLimiter))
		r.journal.err = errors.New("no space left on device")
		r.run(t, nil, func() {
			r.send("0")
			time.Sleep(time.Minute)
		})
		if text, _ := r.broker.Retained(limitResult); r.results() != "accepted refused" || !strings.Contains(text, "no space left") {
			t.Errorf("results %q, %s", r.results(), text)
		}
		r.wantWrites(t, 0)
		r.check(t)
	})
}

// TestLimitTwoSections: of two sections with the same gateway one carries a command
// out.
func TestLimitTwoSections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(new(envoytest.PowerLimiter))
		second := r.feed("ENVOY2", r.server)
		second.Limit = r.Gateways[0].Limit
		r.Gateways = append(r.Gateways, second)
		r.run(t, nil, func() {
			r.send(`{"export":0,"for":"1m"}`)
			time.Sleep(2 * time.Minute)
		})
		r.wantWrites(t, 2)
		second.Client.CloseIdle()
		r.check(t)
	})
}
