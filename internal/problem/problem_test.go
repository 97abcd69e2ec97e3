package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// tcpError is an error of a connection from one of our ports.
func tcpError(port uint16, err error) error {
	from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port))
	return &net.OpError{Op: "read", Net: "tcp", Source: from, Err: os.NewSyscallError("read", err)}
}

// A codeError is an error with a code and a path.
type codeError struct {
	path string
	code int
}

func (e *codeError) Error() string { return fmt.Sprint(e.path, e.code) }
func (e *codeError) Problem() any  { return e.code }

var errSentinel = errors.New("the broker speaks only MQTT 3.1.1")

func TestSame(t *testing.T) {
	var syntax1, syntax2 any
	jsonError1, jsonError2 := json.Unmarshal([]byte("<html>"), &syntax1), json.Unmarshal([]byte("12x"), &syntax2)
	rows := []struct {
		name string
		a, b error
		want bool
	}{
		{"no error", nil, nil, true},
		{"an error and none", nil, io.EOF, false},
		{"our port differs", tcpError(40_001, syscall.ECONNRESET), tcpError(40_002, syscall.ECONNRESET), true},
		{"reset and refused", tcpError(40_001, syscall.ECONNRESET), tcpError(40_001, syscall.ECONNREFUSED), false},
		{"another page", fmt.Errorf("/info: %w", io.EOF), &url.Error{Op: "Get", URL: "/production.json", Err: io.EOF}, true},
		{"timeouts of any kind", fmt.Errorf("/info: %w", context.DeadlineExceeded), tcpError(1, syscall.ETIMEDOUT), true},
		{"one code on two paths", &codeError{"/info", 500}, &codeError{"/ivp/meters", 500}, true},
		{"two codes", &codeError{"/info", 500}, &codeError{"/info", 503}, false},
		{"a number", fmt.Errorf("a: %w", syscall.EPIPE), fmt.Errorf("b: %w", syscall.EPIPE), true},
		{"sentinel", fmt.Errorf("mqtt://a: %w: %w", errSentinel, io.EOF), fmt.Errorf("mqtt://b: %w: %w", errSentinel, io.EOF), true},
		{"sentinel and a cause", fmt.Errorf("%w: %w", errSentinel, io.EOF), fmt.Errorf("%w: %w", errSentinel, syscall.ECONNRESET), false},
		{"garbage", jsonError1, jsonError2, true},
		{"several attempts, joined", errors.Join(tcpError(1, syscall.EPIPE), tcpError(2, syscall.EPIPE)), tcpError(3, syscall.EPIPE), true},
		{"unknown names", &net.DNSError{Name: "envoy.local", IsNotFound: true}, &net.DNSError{Name: "envoy.local", Server: "192.0.2.53", IsNotFound: true}, true},
	}
	for _, row := range rows {
		if got := problem.Same(row.a, row.b); got != row.want {
			t.Errorf("%s: Same(%v, %v) = %v, want %v", row.name, row.a, row.b, got, row.want)
		}
		if got := problem.Same(row.b, row.a); got != row.want {
			t.Errorf("%s: Same is not symmetric", row.name)
		}
	}
}

// TestSet checks that a new problem is new however many there were before, and
// that an old one is not reported again among a few.
func TestSet(t *testing.T) {
	var s problem.Set
	for code := range 30 {
		if !s.Add(&codeError{"/info", code}) {
			t.Errorf("problem %d is not new", code)
		}
		if s.Add(&codeError{"/production.json", code}) {
			t.Errorf("problem %d is new twice", code)
		}
	}
	if !s.Add(&codeError{"/info", 0}) {
		t.Error("the oldest problem was not dropped")
	}
	s.Clear()
	if !s.Add(&codeError{"/info", 29}) {
		t.Error("after Clear, a problem is not new")
	}
}
