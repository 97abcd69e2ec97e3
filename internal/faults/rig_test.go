//go:build faults

package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// The rows' own pace.
const (
	interval = time.Second
	stale    = 3 * time.Second
)

// A rig is one process of the program between its own gateway and a broker.
type rig struct {
	t       *testing.T
	gateway *envoytest.Gateway
	server  *envoytest.Server
	broker  *broker
	ear     *listener
	base    string
	serial  string
	dir     string
	config  string // without [MQTT] URL
	url     string // of [MQTT]

	bridgeConfig string // the discovery topic of the bridge itself, which stays when base changes

	*proctest.Process // the newest that was started
}

var rigs atomic.Int64

// newRig prepares a gateway and a configuration, and listens.
func newRig(t *testing.T, b *broker) *rig {
	t.Helper()
	n := rigs.Add(1)
	r := &rig{t: t, broker: b, base: fmt.Sprintf("row%d", n), serial: fmt.Sprintf("1222000%05d", n), dir: t.TempDir(), url: "mqtt://" + b.Address}
	r.bridgeConfig = "homeassistant/device/" + r.base + "_bridge/config"
	r.gateway = &envoytest.Gateway{Serial: r.serial, Phases: 3, Start: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), Remember: 10_000}
	r.server = envoytest.NewTLSServer(r.gateway)
	t.Cleanup(r.server.Close)
	r.ear = listen(t, b, r.base+"/#", "homeassistant/device/+/config")
	r.config = fmt.Sprintf("[ENVOY]\nHOST = %s\nTOKEN = %s\nINTERVAL = %v\nSTALE_AFTER = %v\nTIMEOUT = 2s\n",
		r.server.Addr, enlightentest.Sign(enlightentest.Claims{Serial: r.serial}), interval, stale)
	return r
}

func (r *rig) state() string { return filepath.Join(r.dir, "state") }

// write writes config.ini; mqtt is more lines of [MQTT].
func (r *rig) write(mqtt string) string {
	r.t.Helper()
	text := fmt.Sprintf("[GENERAL]\nLOG_FORMAT = json\nSTATE_DIR = %s\n[MQTT]\nURL = %s\nTOPIC = %s\n%s%s", r.state(), r.url, r.base, mqtt, r.config)
	return proctest.WriteFile(r.t, filepath.Join(r.dir, "config.ini"), text)
}

// start starts the process.
func (r *rig) start(environ ...string) *rig {
	r.t.Helper()
	path := filepath.Join(r.dir, "config.ini")
	if _, err := os.Stat(path); err != nil {
		r.write("")
	}
	r.Process = proctest.Start(r.t, proctest.Command(path, environ...))
	return r
}

// stop is Stop in half the time: no fault may hold up the end.
func (r *rig) stop() {
	r.t.Helper()
	r.Signal(syscall.SIGTERM)
	if code := r.Wait(5 * time.Second); code != 0 {
		r.t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
}

// recording is all that was heard and answered so far.
func (r *rig) recording() *recording {
	return &recording{
		base: r.base, serial: r.serial, messages: r.ear.heard(), joined: r.ear.connections(), requests: r.gateway.Requests(),
		interval: interval, stale: stale, slack: 1500 * time.Millisecond, // of two busy cores
	}
}

func (r *rig) topic(key string) string { return r.base + "/" + r.serial + "/" + key }

// await waits for n messages of a topic after from, and returns the arrival of
// the last; an empty payload is any.
func (r *rig) await(topic, payload string, n int, from time.Time, within time.Duration) time.Time {
	r.t.Helper()
	seen := 0
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		seen = 0
		for _, m := range r.ear.heard() {
			if m.topic == topic && m.at.After(from) && !m.retained && (payload == "" || m.payload == payload) {
				if seen++; seen == n {
					return m.at
				}
			}
		}
	}
	r.t.Fatalf("%s %s: %d of %d times within %v", topic, payload, seen, n, within)
	return time.Time{}
}

// lives waits for n more live documents.
func (r *rig) lives(n int, from time.Time, within time.Duration) time.Time {
	r.t.Helper()
	return r.await(r.topic("live"), "", n, from, within)
}

// count returns how many messages of topic came between two moments.
func (r *rig) count(topic string, from, to time.Time) (n int) {
	for _, m := range r.ear.heard() {
		if m.topic == topic && m.at.After(from) && m.at.Before(to) {
			n++
		}
	}
	return n
}

// said waits until the log has these words.
func (r *rig) said(words string, within time.Duration) {
	r.t.Helper()
	proctest.AwaitWithin(r.t, within, fmt.Sprintf("%q", words), func() bool { return strings.Contains(r.Output(), words) })
}
