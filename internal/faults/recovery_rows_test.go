//go:build faults

package faults_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest/mosquittotest"
)

// TestRecoveryOfProcess is TestRecovery with the built binary, over TLS and with
// Mosquitto.
func TestRecoveryOfProcess(t *testing.T) {
	for _, row := range recoveryRows {
		t.Run(row.title(), func(t *testing.T) {
			t.Parallel()
			r, valve, _ := recovering(t)
			began := time.Now()
			ended := row.strike(r.gateway, r.server, valve)
			back, gap := r.recovered(began, ended, row.back)
			if row.gap > 0 && gap > row.gap+busy {
				t.Errorf("live was silent for %v, want %v at most", gap, row.gap)
			}
			tell(row.title(), "silent for "+seconds(gap), seconds(back), "")
		})
	}
}

// TestRecoveryFromBroker checks that live is back soon after the broker is.
func TestRecoveryFromBroker(t *testing.T) {
	t.Parallel()
	r, _, mosquitto := recovering(t)
	began := time.Now()
	mosquitto.stop()
	time.Sleep(5 * time.Second)
	mosquitto.start()
	back, gap := r.recovered(began, time.Now(), 3*time.Second)
	tell("broker is away for 5 s", "silent for "+seconds(gap), seconds(back), "broker connection lost")
}

// TestStart: from the first document on they come one second apart.
func TestStart(t *testing.T) {
	t.Parallel()
	r, _, _ := recovering(t)
	r.stop()
	var longest time.Duration
	var last time.Time
	for _, m := range r.ear.heard() {
		if m.topic != r.topic("live") {
			continue
		}
		if !last.IsZero() {
			longest = max(longest, m.at.Sub(last))
		}
		last = m.at
	}
	if longest > time.Second+busy {
		t.Errorf("live was silent for %v in the first minute, want 1 s at most", longest)
	}
	tell("start", "silent for "+seconds(longest)+" at most in the first minute", "", "")
}

// busy is what busy cores may add.
const busy = time.Second

// A localBroker is Mosquitto as a process of this machine.
type localBroker struct {
	t            *testing.T
	port, config string
	process      *proctest.Process
}

func (b *localBroker) start() {
	b.process = proctest.Start(b.t, exec.Command("mosquitto", "-c", b.config))
	proctest.AwaitPort(b.t, b.port)
}

func (b *localBroker) stop() { b.process.Stop() }

// recovering returns a rig at the default settings that has run for a minute.
func recovering(t *testing.T) (*rig, *valve, *localBroker) {
	t.Helper()
	port := proctest.FreePort(t)
	local := &localBroker{t: t, port: port, config: proctest.WriteFile(t, filepath.Join(t.TempDir(), "mosquitto.conf"),
		"listener "+port+" 127.0.0.1\nallow_anonymous true\nuser root\npersistence false\nlog_type error\n")}
	local.start()
	r := newRig(t, &broker{Broker: &mosquittotest.Broker{Address: "127.0.0.1:" + port, Port: port}})
	valve := &valve{Gateway: r.gateway}
	r.server.Close()
	r.server = envoytest.NewTLSServer(valve)
	t.Cleanup(r.server.Close)
	r.config = fmt.Sprintf("[ENVOY]\nHOST = %s\nTOKEN = %s\n", r.server.Addr, enlightentest.Sign(enlightentest.Claims{Serial: r.serial}))
	r.start()
	r.lives(60, time.Time{}, 2*time.Minute)
	return r, valve, local
}

// recovered waits until live is back, which ends the process, and returns how
// long after the end of the fault that is, and after the document before.
func (r *rig) recovered(began, ended time.Time, within time.Duration) (back, gap time.Duration) {
	r.t.Helper()
	first := r.lives(1, ended, within+30*time.Second)
	last := began
	for _, m := range r.ear.heard() {
		if m.topic == r.topic("live") && m.at.Before(first) {
			last = m.at
		}
	}
	r.stop()
	if back = first.Sub(ended); back > within+busy {
		r.t.Errorf("live is back %v after the end, want %v at most", back, within)
	}
	return back, first.Sub(last)
}
