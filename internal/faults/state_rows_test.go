//go:build faults

package faults_test

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestStateFolder: a folder that is full or cannot be written costs a warning.
func TestStateFolder(t *testing.T) {
	b := startBroker(t)
	for _, row := range []struct {
		name, options string
		flags         uintptr
		fill          bool
	}{
		{"state folder is full", "size=16k", 0, true},
		{"state folder cannot be written", "size=16k", unix.MS_RDONLY, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, b)
			if err := os.Mkdir(r.state(), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := unix.Mount("tmpfs", r.state(), "tmpfs", row.flags, row.options); err != nil {
				t.Fatalf("mount (needs root): %v", err)
			}
			t.Cleanup(func() { _ = unix.Unmount(r.state(), unix.MNT_DETACH) })
			if row.fill {
				_ = os.WriteFile(filepath.Join(r.state(), "full"), make([]byte, 1<<20), 0o600) // as far as it goes
			}
			r.start()
			r.lives(6, time.Time{}, 20*time.Second)
			r.whole()
			r.stop()
			r.judge(0)
			if n := r.warnings(); n == 0 || n > 8 {
				t.Errorf("%d warnings, want one for each file that is not kept", n)
			}
			tell(row.name, "live goes on", "-", "state folder")
		})
	}
}

// cloud starts a simulated Enphase and returns its part of a configuration and
// of an environment.
func cloud(t *testing.T) (sim *enlightentest.Cloud, config, environ string) {
	t.Helper()
	sim = &enlightentest.Cloud{Username: "owner@example.org", Password: "s3cret-Pa55"}
	srv := httptest.NewTLSServer(sim)
	t.Cleanup(srv.Close)
	ca := proctest.WriteFile(t, filepath.Join(t.TempDir(), "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	return sim, fmt.Sprintf("USERNAME = owner@example.org\nPASSWORD = s3cret-Pa55\n[ENLIGHTEN]\nLOGIN_URL = %s%s\nTOKEN_URL = %s%s\n",
		srv.URL, enlightentest.LoginPath, srv.URL, enlightentest.TokenPath), "SSL_CERT_FILE=" + ca
}

var stamp = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"`)

// TestWrongClock: times in the state folder that lie an hour ahead or behind,
// as after a clock was set, cost neither readings nor logins.
func TestWrongClock(t *testing.T) {
	b := startBroker(t)
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, b)
			sim, config, environ := cloud(t)
			r.config = regexp.MustCompile(`TOKEN = .*\n`).ReplaceAllString(r.config, "") + config
			r.start(environ)
			r.lives(2, time.Time{}, 20*time.Second)
			r.stop()
			files, err := filepath.Glob(filepath.Join(r.state(), "*.json"))
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			shifted := 0
			for _, f := range files {
				text := stamp.ReplaceAllStringFunc(proctest.ReadFile(t, f), func(s string) string {
					at, err := time.Parse(`"`+time.RFC3339Nano+`"`, s)
					if err != nil {
						t.Fatal(err)
					}
					shifted++
					return at.Add(off).Format(`"` + time.RFC3339Nano + `"`)
				})
				proctest.WriteFile(t, f, text)
			}
			restarted := time.Now()
			r.start(environ)
			back := r.lives(2, restarted, 10*time.Second)
			r.whole()
			r.stop()
			r.judge(0)
			if n := len(sim.Logins()); n != 1 || shifted == 0 {
				t.Errorf("%d logins after %d times were shifted, want one: the token is kept", n, shifted)
			}
			tell("stored times "+off.String()+" off", "no login", seconds(back.Sub(restarted)), "-")
		})
	}
}
