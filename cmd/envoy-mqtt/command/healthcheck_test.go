package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestHealthcheck is the command beside the running program.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	check := func(code int, words string, args ...string) {
		t.Helper()
		var got int
		var out string
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			var errs string
			got, out, errs = h.run(t, withAccount, append([]string{"healthcheck"}, args...)...)
			if out += errs; got == code && strings.Contains(out, words) {
				return
			}
		}
		t.Errorf("healthcheck %v: code %d and %q, want %d and %q", args, got, out, code, words)
	}
	check(1, "the bridge is not running")
	p := h.start(t, withAccount)
	check(0, "healthy", "--ready")
	h.server.Refuse(true)
	check(1, "no fresh data of ENVOY", "--ready")
	check(0, "healthy")
	h.broker.close()
	check(1, "the broker is not connected")
	p.Signal(os.Kill)
	if code, _, errs := h.run(t, "HSOT = x\n", "healthcheck"); code != 1 || !strings.Contains(errs, "did you mean HOST") {
		t.Errorf("healthcheck with a wrong configuration: code %d and %q, want 1 and what is wrong", code, errs)
	}
}

// TestUnwritableState: a state folder that cannot be written costs the health file, not the readings.
func TestUnwritableState(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	h.record(t)
	if err := os.WriteFile(filepath.Join(h.dir, "state"), nil, 0o600); err != nil { // no folder, even for root
		t.Fatal(err)
	}
	p := h.start(t, "TOKEN = "+enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})+"\n")
	p.Await("health file not written")
	proctest.Await(t, "readings", func() bool { return strings.Contains(h.recorded(), "/live ") })
	p.Stop()
	if n := strings.Count(p.Output(), "health file not written"); n != 1 {
		t.Errorf("said %d times that there is no health file, want once", n)
	}
}
