package bridge_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

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
			if got, want := r.statuses(), "refused"; got != want {
				t.Errorf("results %q, want %q", got, want)
			}
			for i := range 1000 {
				r.broker.Publish(limitSet, fmt.Sprintf(`{"%d": 0}`, i), false)
				r.broker.Publish(limitSet, `{"off": true}`, false)
				time.Sleep(time.Millisecond)
			}
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
		r.end(t)
	})
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
		if got := r.statuses(); got != "" {
			t.Errorf("results %q", got)
		}
		if !strings.Contains(r.log.String(), "journal of the power limit cannot be read") {
			t.Error("nothing was logged about the journal")
		}
		r.wantWrites(t, 0)
		r.end(t)
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
		if !strings.Contains(r.log.String(), "no commands are received") || r.statuses() != "" {
			t.Errorf("results %q, log %s", r.statuses(), r.log.String())
		}
		r.Recording = nil
		r.end(t)
	})
	synctest.Test(t, func(t *testing.T) {
		r := newLimitRig(new(envoytest.PowerLimiter))
		r.journal.err = errors.New("no space left on device")
		r.run(t, nil, func() {
			r.send("0")
			time.Sleep(time.Minute)
		})
		if text, _ := r.broker.Retained(limitResult); r.statuses() != "accepted refused" || !strings.Contains(text, "no space left") {
			t.Errorf("results %q, %s", r.statuses(), text)
		}
		r.wantWrites(t, 0)
		r.end(t)
	})
}
