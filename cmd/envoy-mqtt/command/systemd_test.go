package command

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// A notifySocket is systemd's end of the socket in NOTIFY_SOCKET.
type notifySocket struct {
	path string
	mu   sync.Mutex // guards got
	got  []string
}

func newNotifySocket(t *testing.T) *notifySocket {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") //nolint:usetesting // t.TempDir's path can be longer than a socket's may be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	n := &notifySocket{path: filepath.Join(dir, "s")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: n.path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			size, err := conn.Read(buf)
			if err != nil {
				return // closed
			}
			n.mu.Lock()
			n.got = append(n.got, string(buf[:size]))
			n.mu.Unlock()
		}
	}()
	return n
}

func (n *notifySocket) heard() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.got)
}

func (n *notifySocket) await(t *testing.T, states ...string) {
	t.Helper()
	for _, state := range states {
		proctest.Await(t, state+" in NOTIFY_SOCKET", func() bool { return slices.Contains(n.heard(), state) })
	}
}

// TestNotify runs the program under a real NOTIFY_SOCKET.
func TestNotify(t *testing.T) {
	t.Parallel()
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	s := newNotifySocket(t)
	h.environ = append(h.environ, "NOTIFY_SOCKET="+s.path, "WATCHDOG_USEC=2000000")
	h.server.Refuse(true)
	p := h.start(t, withAccount)
	s.await(t, "READY=1", "STATUS=0 of 1 gateways read, no fresh data of ENVOY", "WATCHDOG=1")
	h.server.Refuse(false)
	s.await(t, "STATUS=1 of 1 gateways read")

	before := len(s.heard())
	h.command(t, withAccount+"NAME = Roof\n") // writes config.ini
	p.Signal(syscall.SIGHUP)
	s.await(t, "RELOADING=1")
	proctest.Await(t, "READY=1 with another configuration", func() bool { return slices.Contains(s.heard()[before:], "READY=1") })
	if slices.Contains(s.heard(), "STOPPING=1") {
		t.Errorf("systemd heard STOPPING=1 of a program that goes on: it would kill it")
	}
	p.Stop()
	s.await(t, "STOPPING=1")
}

// TestNotReadyWithAWrongConfiguration: systemd must see the start fail.
func TestNotReadyWithAWrongConfiguration(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	s := newNotifySocket(t)
	h.environ = append(h.environ, "NOTIFY_SOCKET="+s.path)
	if code, _, stderr := h.run(t, "HOTS = 192.0.2.1\n", "run"); code != 2 {
		t.Errorf("exit code %d, want 2\n%s", code, stderr)
	}
	if got := s.heard(); len(got) > 0 {
		t.Errorf("systemd heard %q of a program that could not start", got)
	}
}
