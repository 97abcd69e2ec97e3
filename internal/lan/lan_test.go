//go:build lan

// Package lan_test tries the finding of gateways for real: network namespaces
// on two links, a simulated gateway over TLS and avahi in each, Mosquitto, and
// the built binary in the house's. It needs root, iproute2, avahi-daemon,
// mosquitto and mosquitto-clients; a part that is missing is a failure, and
// without the build tag nothing here is run.
package lan_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// asGateway makes the test binary be a gateway: a serial number and an address.
const asGateway = "TEST_BINARY_IS_A_GATEWAY"

func TestMain(m *testing.M) {
	if what := os.Getenv(asGateway); what != "" {
		serial, addr, _ := strings.Cut(what, "@")
		fmt.Fprintln(os.Stderr, beGateway(serial, addr))
		os.Exit(1)
	}
	os.Exit(proctest.Main(m, "../../cmd/envoy-mqtt"))
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

// start runs a command until the test ends.
func (h *host) start(env []string, args ...string) *proctest.Process {
	h.t.Helper()
	return proctest.Start(h.t, h.command(env, args...))
}
