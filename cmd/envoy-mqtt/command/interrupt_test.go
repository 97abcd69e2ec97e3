//go:build unix

package command

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestInterruptedCommand: Ctrl-C is reported as such, not as a problem of what was
// being done.
func TestInterruptedCommand(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	silent, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // of this test
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	h.config = strings.Replace(h.config, h.server.Addr, silent.Addr().String(), 1)
	for _, args := range [][]string{{"read"}, {"check"}, {"check", "--json"}, {"token"}, {"token", "--renew"}, {"capture", "x.zip"}} {
		p := proctest.Start(t, h.command(t, withAccount, args...))
		conn, err := silent.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		p.Signal(os.Interrupt)
		if code := p.Wait(5 * time.Second); code != 1 || !strings.HasSuffix(p.Output(), "envoy-mqtt: interrupted\n") || strings.Contains(p.Output(), "FAIL") {
			t.Errorf("envoy-mqtt %v: code %d, want 1 and one line:\n%s", args, code, p.Output())
		}
	}
}
