//go:build faults

package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit/limittest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// A limitRig is a rig with LIMIT, and what is recorded about it.
type limitRig struct {
	*rig
	*limittest.Recorder
}

const limitKeys = "LIMIT = true\nLIMIT_FOREVER = true\n"

func newLimitRig(t *testing.T, b *broker) *limitRig {
	t.Helper()
	r := &limitRig{rig: newRig(t, b)}
	r.Recorder = limittest.NewRecorder(r.gateway)
	r.gateway.PowerLimit = &envoytest.PowerLimiter{ForRole: true, Delay: time.Second}
	token := "TOKEN = " + enlightentest.Sign(enlightentest.Claims{Serial: r.serial, Role: "installer"}) + "\n"
	r.config = regexp.MustCompile(`TOKEN = .*\n`).ReplaceAllString(r.config, token) + limitKeys
	return r
}

// newLimitedRig returns a rig whose gateway has just carried out a command.
func newLimitedRig(t *testing.T, b *broker, payload string) *limitRig {
	t.Helper()
	r := newLimitRig(t, b)
	r.begin()
	r.send(payload)
	r.awaitLimited(true, 10*time.Second)
	return r
}

// begin starts the process and waits until it takes commands.
func (r *limitRig) begin() {
	r.t.Helper()
	now := time.Now()
	r.Note(limittest.Event{Kind: limittest.Started, Enabled: strings.Contains(r.config, limitKeys), Forever: true})
	r.start()
	r.lives(2, now, 20*time.Second)
	time.Sleep(3 * time.Second)
}

func (r *limitRig) send(payload string) {
	r.t.Helper()
	r.Note(limittest.Event{Kind: limittest.Sent, Payload: payload})
	r.ear.say(r.t, r.topic("limit/set"), payload, false)
}

func (r *limitRig) kill() {
	r.t.Helper()
	r.Signal(syscall.SIGKILL)
	r.Wait(10 * time.Second)
	time.Sleep(500 * time.Millisecond) // the gateway may still carry out what it was asked
	r.Note(limittest.Event{Kind: limittest.Ended})
}

// term stops the process and returns how long it took.
func (r *limitRig) term() time.Duration {
	r.t.Helper()
	began := time.Now()
	r.Note(limittest.Event{Kind: limittest.Stopping})
	r.Signal(syscall.SIGTERM)
	if code := r.Wait(25 * time.Second); code != 0 {
		r.t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	r.Note(limittest.Event{Kind: limittest.Ended})
	return time.Since(began)
}

// isLimited reports whether the gateway has a limit, or production is off.
func (r *limitRig) isLimited() (limited bool) {
	r.gateway.Change(func(g *envoytest.Gateway) { limited = g.PowerLimit.Enabled || g.PowerLimit.Off })
	return limited
}

func (r *limitRig) awaitLimited(want bool, within time.Duration) {
	r.t.Helper()
	proctest.AwaitWithin(r.t, within, fmt.Sprintf("limited %t", want), func() bool { return r.isLimited() == want })
}

func (r *limitRig) journal() string {
	data, _ := os.ReadFile(filepath.Join(r.state(), r.serial+".limit.json"))
	return string(data)
}
