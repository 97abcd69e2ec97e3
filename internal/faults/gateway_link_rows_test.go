//go:build faults

package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestPinned: a gateway that shows another certificate than the pinned one is
// not used and not asked, until the right one is back.
func TestPinned(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b)
	right := envoytest.RSAOnlyTLS()
	r.server.SetTLS(right)
	r.config += "FINGERPRINT = sha256:" + r.server.Fingerprint() + "\n"
	r.start()
	r.lives(2, time.Time{}, 20*time.Second)
	asked := len(r.gateway.Requests())
	r.server.SetTLS(nil)
	began := time.Now()
	time.Sleep(5 * time.Second)
	if n := len(r.gateway.Requests()); n > asked {
		t.Errorf("%d requests to a gateway with another certificate", n-asked)
	}
	r.server.SetTLS(right)
	ended := time.Now()
	back := r.lives(2, ended, 15*time.Second)
	r.whole()
	r.stop()
	r.judge(0)
	r.once("not the pinned sha256:")
	offline := r.await(r.topic("availability"), "offline", 1, began, time.Second)
	tell("gateway's certificate changes, pinned", "nothing under live, no request, offline after "+seconds(offline.Sub(began)), seconds(back.Sub(ended)), "not the pinned sha256:")
}

// TestNoRoute: packets to the gateway vanish, and then pass again.
func TestNoRoute(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b)
	w := lay(t, r.server.Addr)
	r.config = strings.Replace(r.config, r.server.Addr, w.address, 1)
	r.start()
	r.lives(2, time.Time{}, 20*time.Second)
	w.blackhole(true)
	began := time.Now()
	time.Sleep(6 * time.Second)
	w.blackhole(false)
	ended := time.Now()
	back := r.lives(2, ended, 15*time.Second)
	r.whole()
	r.stop()
	r.judge(0)
	offline := r.await(r.topic("availability"), "offline", 1, began, time.Second)
	if took := offline.Sub(began); took > stale+interval+time.Second {
		t.Errorf("offline after %v", took)
	}
	tell("packets to the gateway vanish", "nothing under live, offline after "+seconds(offline.Sub(began)), seconds(back.Sub(ended)), "no complete response within 2s")
}

// TestStopWhilePolling: a gateway that hangs does not hold up the end.
func TestStopWhilePolling(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b)
	r.start()
	r.lives(2, time.Time{}, 20*time.Second)
	r.gateway.Fault(envoytest.Hang, -1)
	time.Sleep(1500 * time.Millisecond)
	began := time.Now()
	r.stop()
	took := time.Since(began)
	r.await(r.topic("availability"), "offline", 1, began, time.Second)
	tell("SIGTERM while a gateway hangs", "offline is said", "ends after "+seconds(took), "envoy-mqtt stopped")
}
