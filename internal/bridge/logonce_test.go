package bridge_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
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
		var port atomic.Uint32
		var refused atomic.Bool
		r.MQTT.Dial = func(context.Context, string, string) (net.Conn, error) {
			cause := syscall.ECONNRESET
			if refused.Load() {
				cause = syscall.ECONNREFUSED
			}
			from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(40_000+port.Add(1))))
			return nil, &net.OpError{Op: "read", Net: "tcp", Source: from, Err: os.NewSyscallError("read", cause)}
		}
		r.start(t)
		time.Sleep(time.Hour)
		refused.Store(true)
		time.Sleep(time.Hour)
		r.stop(t)
		if n := strings.Count(r.log.String(), "broker connection failed"); n != 2 {
			t.Errorf("%d lines in two hours, want one per cause:\n%.2000s", n, r.log.String())
		}
	})
}

// TestTaskHidesNoProblem checks that what is wrong with a task, which is logged
// at level debug, is logged as a warning when the readings have it too.
func TestTaskHidesNoProblem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.gateway.FaultAt("/api/v1/production/inverters", envoytest.Busy, -1)
		r.start(t)
		time.Sleep(2 * time.Second) // the first reading was good, and the tasks behind it were done
		r.gateway.Fault(envoytest.Busy, -1)
		time.Sleep(time.Hour)
		r.stop(t)
		if n := strings.Count(r.log.String(), "503 Service Unavailable"); n != 1 {
			t.Errorf("the outage is logged %d times, want once:\n%.2000s", n, r.log.String())
		}
	})
}

// TestFlappingGateway checks that a gateway that loses a response every minute does not
// fill the log, which still has a long outage.
func TestFlappingGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.start(t)
		for range 6 * 60 {
			time.Sleep(time.Minute)
			r.gateway.Fault(envoytest.Busy, 1)
		}
		flapped := r.log.String()
		r.gateway.FaultFor(envoytest.Garbage, 10*time.Minute)
		time.Sleep(11 * time.Minute)
		r.stop(t)
		for _, line := range []string{"gateway read failed", "gateway is back"} {
			if n := strings.Count(flapped, line); n < 60 || n > 70 {
				t.Errorf("%q was logged %d times in six hours with a lost response each minute, want 60 to 70", line, n)
			}
		}
		_, outage, _ := strings.Cut(r.log.String(), flapped)
		if !strings.Contains(outage, "gateway offline") || !strings.Contains(outage, "not valid JSON") || !strings.Contains(outage, "gateway is back") {
			t.Errorf("a long outage is logged as\n%s\nwant its error, that the gateway was offline, and that it is back", outage)
		}
	})
}
