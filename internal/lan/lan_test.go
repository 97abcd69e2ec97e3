//go:build lan

// Package lan_test tries the finding of gateways for real: network namespaces
// on two links, a simulated gateway over TLS and avahi in each, Mosquitto, and
// the built binary in the house's. It needs root, iproute2, avahi-daemon,
// mosquitto and mosquitto-clients; a part that is missing is a failure, and
// without the build tag nothing here is run.
package lan_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// asGateway makes the test binary be a gateway: a serial number and an address.
const asGateway = "TEST_BINARY_IS_A_GATEWAY"

var binary string // the built program

func TestMain(m *testing.M) {
	if what := os.Getenv(asGateway); what != "" {
		serial, addr, _ := strings.Cut(what, "@")
		fmt.Fprintln(os.Stderr, beGateway(serial, addr))
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "envoy-mqtt-lan-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "envoy-mqtt")
	code := 1
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/envoy-mqtt").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v: %s\n", err, out)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// beGateway serves a simulated gateway on https for ever.
func beGateway(serial, addr string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(addr, "443"))
	if err != nil {
		return err
	}
	srv := httptest.NewUnstartedServer(http.Handler(&envoytest.Gateway{Serial: serial, Phases: 3, Accept: func(string) bool { return true }}))
	srv.Listener = l
	srv.StartTLS()
	select {}
}

// A host is a network namespace.
type host struct {
	t    *testing.T
	name string
}

// sh runs a command that must work and returns what it says.
func sh(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// newHost makes a namespace that ends with the test.
func newHost(t *testing.T, name string) *host {
	t.Helper()
	h := &host{t, fmt.Sprintf("emq%d-%s", os.Getpid(), name)}
	sh(t, "ip", "netns", "add", h.name)
	t.Cleanup(func() { sh(t, "ip", "netns", "del", h.name) })
	h.ip("link", "set", "lo", "up")
	return h
}

// ip configures the host's network.
func (h *host) ip(args ...string) {
	h.t.Helper()
	sh(h.t, append([]string{"ip", "-n", h.name}, args...)...)
}

// command is a command that runs on the host.
func (h *host) command(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command("ip", append([]string{"netns", "exec", h.name}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

// A daemon is a command that runs until it is stopped.
type daemon struct {
	cmd  *exec.Cmd
	log  lockedBuffer
	once sync.Once
}

// start runs a command until the test ends.
func (h *host) start(env []string, args ...string) *daemon {
	h.t.Helper()
	d := &daemon{cmd: h.command(env, args...)}
	d.cmd.Stdout, d.cmd.Stderr = &d.log, &d.log
	if err := d.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(d.stop)
	return d
}

func (d *daemon) stop() {
	d.once.Do(func() {
		_ = d.cmd.Process.Kill() // it may have ended
		_ = d.cmd.Wait()
	})
}

type lockedBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// await waits for f.
func await(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("%s: not within a minute", what)
}
