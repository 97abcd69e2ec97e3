package bridge_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestUnreachableBrokerIsLoggedOnce checks that errors which differ only in our
// own port are logged once, and that a new problem is logged however long the
// broker has been away.
func TestUnreachableBrokerIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		port, cause := uint16(40_000), syscall.ECONNRESET
		r.MQTT.Dial = func(context.Context, string, string) (net.Conn, error) {
			port++
			from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port))
			return nil, &net.OpError{Op: "read", Net: "tcp", Source: from, Err: os.NewSyscallError("read", cause)}
		}
		r.start(t)
		time.Sleep(time.Hour)
		cause = syscall.ECONNREFUSED
		time.Sleep(time.Hour)
		r.stop(t)
		if n := strings.Count(r.log.String(), "broker not reached"); n != 2 {
			t.Errorf("%d lines in two hours, want one per cause:\n%.2000s", n, r.log.String())
		}
	})
}
