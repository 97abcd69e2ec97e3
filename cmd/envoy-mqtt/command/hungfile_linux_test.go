package command

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// hungFile makes a file that nobody can open for as long as the kernel waits for
// the holder of a lease, some 45 s: as on a network share that does not answer.
func hungFile(t *testing.T) string {
	t.Helper()
	path := proctest.WriteFile(t, filepath.Join(t.TempDir(), "password"), testPassword)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Skipf("no leases on this file system: %v", err)
	}
	return path
}

// TestHungFile: a file that cannot be read delays neither the readings, when
// the configuration is read again, nor the end of the program.
func TestHungFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	h.record(t)
	p := h.start(t, withAccount)
	h.more(t, "envoy")
	hung := strings.ReplaceAll(withAccount, "PASSWORD = "+testPassword, "PASSWORD_FILE = "+hungFile(t))
	h.hangUp(t, p, h.config+hung)
	p.Await("configuration is still being read")
	h.more(t, "envoy")
	p.Signal(syscall.SIGTERM)
	if code := p.Wait(5 * time.Second); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}

	p = h.start(t, strings.ReplaceAll(withAccount, "PASSWORD = "+testPassword, "PASSWORD_FILE = "+hungFile(t)))
	time.Sleep(time.Second) // it says nothing before it has a configuration
	p.Signal(syscall.SIGTERM)
	if code := p.Wait(5 * time.Second); code != 0 {
		t.Errorf("exit code %d after SIGTERM at the start, want 0", code)
	}
}
