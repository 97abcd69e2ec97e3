package envoy

import (
	"fmt"
	"net"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// garbled returns what comes of a request to a server that responds with text.
func garbled(t *testing.T, text string) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.Read(make([]byte, 1<<10))
		c.Write([]byte(text))
	}()
	c := &Client{Host: "http://" + l.Addr().String()}
	_, err = c.Open(t.Context())
	return err
}

// TestProblems: bad answers of one kind are one problem, whatever is in them,
// and those of two kinds are two.
func TestProblems(t *testing.T) {
	power := func(n wire.Number) error { return new(Channel).setPower("wNow", n, 1) }
	info := func(body string) error {
		_, err := locate.ParseInfo([]byte(body))
		return err
	}
	begins := func(body string) error { return wire.DecodeObject("/info", []byte(body), new(map[string]int)) }
	for _, tt := range []struct {
		name string
		a, b error
		same bool
	}{
		{"power", power(wire.Number{Value: 3e6, Kind: wire.Numeric}), power(wire.Number{Value: 4e6, Kind: wire.Numeric}), true},
		{"power and none", power(wire.Number{Value: 3e6, Kind: wire.Numeric}), power(wire.Number{}), false},
		{"no power and no number", power(wire.Number{}), power(wire.Number{Kind: wire.Malformed}), false},
		{"serial number", info("<envoy_info><device><sn>1</sn></device></envoy_info>"), info("<envoy_info><device><sn>2</sn></device></envoy_info>"), true},
		{"serial number and no XML", info("<envoy_info><device><sn>1</sn></device></envoy_info>"), info("1"), false},
		{"length of /info", info(fmt.Sprintf("%*d", 64<<10+1, 1)), info(fmt.Sprintf("%*d", 64<<10+2, 1)), true},
		{"first character", begins(`1`), begins(`"a"`), true},
		{"no HTTP", garbled(t, "one\r\n\r\n"), garbled(t, "two\r\n\r\n"), true},
		{"no HTTP and no answer", garbled(t, "one\r\n\r\n"), garbled(t, ""), false},
	} {
		if got := problem.Same(tt.a, tt.b); got != tt.same || tt.a == nil || tt.b == nil {
			t.Errorf("%s: Same(%v, %v) = %t, want %t", tt.name, tt.a, tt.b, got, tt.same)
		}
	}
}
