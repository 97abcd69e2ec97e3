package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// TestRun: eight lines of configuration, and the house is on the broker.
func TestRun(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	h.record(t)
	p := h.start(t, withAccount)
	proctest.Await(t, "all topics", func() bool {
		got := h.recorded()
		for _, topic := range []string{"/live {", "/grid/l3/power ", "/availability online", "bridge/state online", "/config {", "/info/token_state ok"} {
			if !strings.Contains(got, topic) {
				return false
			}
		}
		return true
	})
	p.Stop()
	seen := state.NewGatewayStore(filepath.Join(h.dir, "state"))
	if sn := seen.Serial("ENVOY"); sn == "" || seen.Phases(sn) != 3 {
		t.Errorf("seen: gateway %q with %d phases, want 3", sn, seen.Phases(sn))
	}
	got := h.recorded()
	if !strings.Contains(got, "/availability offline") || !strings.HasSuffix(got, "envoy/bridge/state offline\n") {
		t.Errorf("the last words are missing:\n%s", got[max(0, len(got)-500):])
	}
}

// TestEverythingComesLater: no order of starting matters.
func TestEverythingComesLater(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	h.server.Refuse(true)
	h.cloud.Set(enlightentest.LoginDown)
	p := h.start(t, withAccount)
	p.Await("connection refused")
	h.server.Refuse(false)
	p.Await("gateway found")
	p.Stop()
	p = h.start(t, withAccount) // the serial number is known now
	p.Await("gateway found")
	p.Stop()
}

// TestMissingTokenIsLoggedOnce: that the gateway cannot be read follows from it.
func TestMissingTokenIsLoggedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	p := h.start(t, "")
	p.Await("token problem, action required")
	p.Await(`"message":"gateway read failed, retrying"`)
	p.Stop()
	n := 0
	for line := range strings.Lines(p.Output()) {
		if strings.Contains(line, "requires a token and there is none") && !strings.Contains(line, `"level":"debug"`) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d lines about the missing token, want 1:\n%s", n, p.Output())
	}
}

// TestNoSecrets runs the program at debug level through all that can go wrong
// with a token and looks for every secret in all that it wrote, but the store.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	h.record(t)
	var outputs strings.Builder
	for i, a := range enlightentest.Answers {
		if i%answerStep > 0 || strings.HasSuffix(string(a), "hang") { // takes half a minute; its errors are the package's and tested there
			continue
		}
		h.cloud.Set(a)
		if err := os.RemoveAll(filepath.Join(h.dir, "state")); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"read"}, {"token"}, {"token", "--renew"}} {
			_, stdout, stderr := h.run(t, withAccount, args...)
			outputs.WriteString(stdout + stderr)
		}
	}
	h.cloud.Set(enlightentest.OK)
	p := h.start(t, withAccount)
	p.Await(`"role":"owner"`)
	h.gateway.RequireToken("none")
	p.Await("next login not before")
	for _, f := range []envoytest.Fault{envoytest.HTML, envoytest.Garbage, envoytest.Redirect, envoytest.ServerError} {
		h.gateway.Fault(f, 1)
	}
	p.Stop()
	outputs.WriteString(p.Output())
	outputs.WriteString(h.recorded())

	secrets := append(h.cloud.Secrets(), testUser, testPassword)
	if len(secrets) < 10 {
		t.Fatalf("%d secrets to look for: the test looks for nothing", len(secrets))
	}
	for _, s := range secrets {
		if strings.Contains(outputs.String(), s) {
			i := strings.Index(outputs.String(), s)
			t.Errorf("a secret of %d characters is in the output, after %q", len(s), outputs.String()[max(0, i-120):i])
		}
	}
	for _, path := range files(t, h.dir) {
		if filepath.Ext(path) == ".jwt" || filepath.Base(path) == "config.ini" {
			continue
		}
		data := proctest.ReadFile(t, path)
		for _, s := range secrets {
			if strings.Contains(data, s) {
				t.Errorf("a secret of %d characters is in %s", len(s), filepath.Base(path))
			}
		}
	}
}

func files(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
