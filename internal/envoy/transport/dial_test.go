package transport

import (
	"net"
	"net/netip"
	"testing"
)

func TestDialAny(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	dead, live := netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.1")
	for _, tt := range []struct {
		addrs []netip.Addr
		ok    bool
	}{
		{[]netip.Addr{live}, true},
		{[]netip.Addr{dead, live}, true},
		{[]netip.Addr{dead}, false},
	} {
		conn, err := dialAny(t.Context(), "tcp", tt.addrs, port)
		if ok := err == nil; ok != tt.ok {
			t.Errorf("dialAny(%v) = %v, want ok = %t", tt.addrs, err, tt.ok)
		}
		if err == nil {
			conn.Close()
		}
	}
}
