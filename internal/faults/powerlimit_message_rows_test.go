//go:build faults

package faults_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit/limittest"
)

// TestLimitMessages: what is no fresh command is never carried out, and of a flood
// one command is.
func TestLimitMessages(t *testing.T) {
	t.Parallel()
	r := newLimitRig(t, startBroker(t))
	r.ear.say(t, r.topic("limit/set"), `{"export":1}`, true)
	r.begin()
	r.ear.say(t, r.topic("limit/set"), `{"export":2}`, true)
	for _, garbage := range []string{"", "x", `{"export":-1}`, `{"export":0,"export":1}`, strings.Repeat("9", 10_000), "\x00"} {
		r.ear.say(t, r.topic("limit/set"), garbage, false)
	}
	time.Sleep(4 * time.Second)
	if kept := retained(t, r.broker, r.topic("limit/set")); len(kept) > 0 {
		t.Errorf("%v is still retained", kept)
	}
	if n := len(r.gateway.LimitWrites()); n > 0 {
		t.Errorf("%d writes for no command", n)
	}
	for i := range 1000 {
		r.send(fmt.Sprintf(`{"export":%d,"for":"12s"}`, i))
	}
	r.awaitLimited(true, 10*time.Second)
	time.Sleep(8 * time.Second)
	if w := r.gateway.LimitWrites(); len(w) != 1 || w[0].Watts != 999 {
		t.Errorf("writes of the flood: %+v, want one of 999 W", w)
	}
	r.awaitLimited(false, 20*time.Second)
	r.lives(2, time.Now(), 5*time.Second)
	r.term()
	r.Check(t)
	tell("1,000 limits in a second, retained ones, garbage", "one write, of the last; none for the others", "-", "power limit")
}

// TestLimitTwice: two bridges that get the same command leave nothing behind.
func TestLimitTwice(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newLimitRig(t, b)
	other := &limitRig{rig: &rig{t: t, gateway: r.gateway, server: r.server, broker: b, ear: r.ear, base: r.base, serial: r.serial, dir: t.TempDir(), url: r.url, config: r.config}, Recorder: limittest.NewRecorder(r.gateway)}
	r.begin()
	other.begin()
	r.send(`{"export":100,"for":"20s"}`)
	r.awaitLimited(true, 10*time.Second)
	time.Sleep(8 * time.Second)
	r.send(`{"export":50,"for":"20s"}`)
	time.Sleep(20 * time.Second)
	r.awaitLimited(false, 60*time.Second)
	time.Sleep(15 * time.Second)
	r.term()
	other.term()
	if r.isLimited() {
		t.Error("there is still a limit")
	}
	tell("two bridges get the same limit", fmt.Sprintf("%d writes", len(r.gateway.LimitWrites())), "state before restored", "power limit")
}
