//go:build faults

package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"
	"golang.org/x/sys/unix"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest/mosquittotest"
)

// TestDescriptors: nothing more can be opened for a while.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := lay(t, b.Address)
	r := newRig(t, b)
	r.url = "mqtt://" + w.address
	r.start()
	r.lives(3, time.Time{}, 20*time.Second)
	limit := func(n uint64) {
		t.Helper()
		if err := unix.Prlimit(r.Pid(), unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: 4096}, nil); err != nil {
			t.Fatal(err)
		}
	}
	limit(3)
	w.cut()
	r.server.Refuse(true)
	r.server.Refuse(false)
	began := time.Now()
	r.said("too many open files", 20*time.Second)
	time.Sleep(5 * time.Second)
	ended := time.Now()
	limit(4096)
	back := r.lives(2, ended, 25*time.Second)
	time.Sleep(time.Second)
	r.whole()
	r.stop()
	r.judge(0)
	if n := r.count(r.topic("live"), began.Add(time.Second), ended); n > 0 {
		t.Errorf("%d live documents without a descriptor to read or write by", n)
	}
	if n := r.warnings(); n > 8 {
		t.Errorf("%d warnings, want a few", n)
	}
	tell("no descriptor is left (prlimit), connections cut", "nothing under live", seconds(back.Sub(ended)), "too many open files")
}

// TestMemory: 64 MiB are enough, also while a gateway answers without an end.
func TestMemory(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b)
	config := strings.Replace(proctest.ReadFile(t, r.write("")), r.state(), "/tmp/state", 1)
	c, err := testcontainers.Run(t.Context(), mosquittotest.Image(),
		testcontainers.WithFiles(
			testcontainers.ContainerFile{HostFilePath: proctest.Binary("envoy-mqtt"), ContainerFilePath: "/envoy-mqtt", FileMode: 0o755},
			testcontainers.ContainerFile{Reader: strings.NewReader(config), ContainerFilePath: "/config.ini", FileMode: 0o600},
		),
		testcontainers.WithCmd("/envoy-mqtt", "run", "--config", "/config.ini"),
		testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) {
			hc.NetworkMode = "host"
			hc.Memory, hc.MemorySwap = 64<<20, 64<<20
		}),
	)
	testcontainers.CleanupContainer(t, c)
	if err != nil {
		t.Fatal(err)
	}
	r.lives(2, time.Time{}, 20*time.Second)
	r.gateway.Fault(envoytest.Huge, -1)
	time.Sleep(5 * time.Second)
	ended := time.Now()
	r.gateway.Clear()
	back := r.lives(2, ended, 15*time.Second)
	r.whole()
	s, err := c.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !s.Running || s.OOMKilled {
		t.Errorf("the program runs: %t, killed for memory: %t", s.Running, s.OOMKilled)
	}
	r.judge(0)
	tell("64 MiB of memory (cgroup), endless answers", "nothing under live", seconds(back.Sub(ended)), "longer than 4 MiB")
}
