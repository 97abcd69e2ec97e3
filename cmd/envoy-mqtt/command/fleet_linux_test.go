package command

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/shard"
)

// startShard starts the program with SHARD.
func (h *house) startShard(t *testing.T, s string) *proctest.Process {
	t.Helper()
	cmd := h.command(t, withAccount, "run")
	cmd.Env = append(slices.Clone(h.environ), "ENVOY_MQTT_GENERAL__SHARD="+s)
	return proctest.Start(t, cmd)
}

// TestFleet moves a gateway from one process to another, by more shards and by a
// killed process, and checks that it is logged in once.
func TestFleet(t *testing.T) {
	t.Parallel()
	// The gateway belongs to shard 1 of 1 and to shard n of count.
	count := 2
	for shard.Of("ENVOY", count) == 1 {
		count++
	}
	n := shard.Of("ENVOY", count)
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	h.record(t)
	first := h.startShard(t, "1/1")
	proctest.Await(t, "a reading", func() bool { return strings.Contains(h.recorded(), "/live {") })
	second := h.startShard(t, fmt.Sprintf("%d/%d", n, count))
	second.Await("gateway not locked yet, waiting", "[ENVOY] is read by shard 1/1 on ")
	same := h.startShard(t, fmt.Sprintf("%d/%d", n, count))
	same.Await("another process uses the folder of this shard, waiting until it stops")
	waiting := h.startShard(t, "1/1")
	waiting.Await("another process uses the folder of this shard, waiting until it stops")
	waiting.Stop()
	if code, _, errs := h.run(t, withAccount, "run"); code != 1 || !strings.Contains(errs, "shards of a fleet use this folder") {
		t.Errorf("without SHARD: code %d: %s", code, errs)
	}
	first.Stop()
	moved := fmt.Sprintf("envoy/bridge-%d/gateways 1", n)
	proctest.Await(t, "the moved gateway", func() bool { return strings.Contains(h.recorded(), moved) })
	second.Signal(syscall.SIGKILL)
	second.Wait(10 * time.Second)
	killed := len(h.recorded())
	proctest.Await(t, "the gateway after a kill", func() bool { return strings.Contains(h.recorded()[killed:], "/live {") })
	same.Stop()

	if n := len(h.cloud.Logins()); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
	for _, path := range []string{"shard-1/client_id", "shard-1/published.json", fmt.Sprintf("shard-%d/client_id", n), "gateways.json", "122012345678.jwt", "locks/section-ENVOY", "locks/gateway-122012345678"} {
		if _, err := os.Stat(filepath.Join(h.dir, "state", path)); err != nil {
			t.Error(err)
		}
	}
	if strings.Contains(h.recorded(), "envoy/bridge/") {
		t.Error("a shard has published under envoy/bridge/")
	}
}

// TestFleetNeedsLocks checks that a shard does not start, nor take over a new
// configuration, if files cannot be locked.
func TestFleetNeedsLocks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, &envoytest.Gateway{})
	file := proctest.WriteFile(t, filepath.Join(h.dir, "file"), "")
	h.environ = append(h.environ, "ENVOY_MQTT_GENERAL__SHARD=1/1", "ENVOY_MQTT_GENERAL__STATE_DIR="+file)
	if code, _, errs := h.run(t, "", "run"); code != 1 || !strings.Contains(errs, file) {
		t.Errorf("code %d: %s", code, errs)
	}
}

// TestReloadIntoFleet checks that a reload into the folder of a fleet is undone, and
// that a shard that waits for its folder reads the configuration again on SIGHUP.
func TestReloadIntoFleet(t *testing.T) {
	t.Parallel()
	h := newHouse(t, &envoytest.Gateway{})
	h.record(t)
	p := h.start(t, withAccount)
	h.more(t, "envoy")
	fleet := newHouse(t, &envoytest.Gateway{Serial: "122200000009"})
	shard1 := fleet.startShard(t, "1/1")
	shard1.Await("envoy-mqtt starts", "broker connected")
	in := func(general string) string {
		return strings.Replace(h.config, "STATE_DIR = "+filepath.Join(h.dir, "state"), general+"STATE_DIR = "+filepath.Join(fleet.dir, "state"), 1) + withAccount
	}

	h.hangUp(t, p, in(""))
	p.Await("configuration rejected, the current one stays in use", "shards of a fleet use this folder")
	h.more(t, "envoy")

	h.hangUp(t, p, in("SHARD = 1/1\n"))
	p.Await("another process uses the folder of this shard, waiting until it stops")
	h.hangUp(t, p, h.config+withAccount+"HSOT = x\n")
	p.Await("did you mean HOST")
	h.hangUp(t, p, h.config+withAccount)
	h.more(t, "envoy")
	p.Stop()
	shard1.Stop()
}
