package envoy_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
)

const (
	first  = "122000000001"
	second = "122000000002"
)

// A lan is a network on which gateways are found: who answers where, and who
// says to be where.
type lan struct {
	announced []locate.Discovered
	answers   map[string]*envoytest.Server // by address
	asked     int                          // how often it was asked who is there
	dialed    []string
}

func (l *lan) discover(context.Context, string) ([]locate.Discovered, error) {
	l.asked++
	return l.announced, nil
}

func (l *lan) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	l.dialed = append(l.dialed, host)
	if srv := l.answers[host]; srv != nil && port == "80" {
		return srv.Dial(ctx, network, addr)
	}
	return nil, errors.New("no route to host")
}

func (l *lan) client(serial string) *envoy.Client {
	return envoy.Discovering(&envoy.Client{Host: "Auto", Serial: serial, Dial: l.dial}, l.discover)
}

func gatewayOf(t *testing.T, serial string) *envoytest.Server {
	srv := envoytest.NewServer(&envoytest.Gateway{Serial: serial})
	t.Cleanup(srv.Close)
	return srv
}

func says(serial string, addrs ...string) locate.Discovered {
	a := locate.Discovered{Host: "envoy.local", Serial: serial}
	for _, addr := range addrs {
		a.Addrs = append(a.Addrs, netip.MustParseAddr(addr))
	}
	return a
}

func TestAuto(t *testing.T) {
	one, two := gatewayOf(t, first), gatewayOf(t, second)
	at := func(addr string, srv *envoytest.Server) map[string]*envoytest.Server {
		return map[string]*envoytest.Server{addr: srv}
	}
	for _, tt := range []struct {
		name      string
		serial    string
		announced []locate.Discovered
		answers   map[string]*envoytest.Server
		want      string // the URL, or words of the error
		ok        bool
	}{
		{"the only one", "", []locate.Discovered{says(first, "192.0.2.1")}, at("192.0.2.1", one), "http://192.0.2.1", true},
		{"the one that is meant", second, []locate.Discovered{says(first, "192.0.2.1"), says(second, "192.0.2.2")}, at("192.0.2.2", two), "http://192.0.2.2", true},
		{"its other address", first, []locate.Discovered{says(first, "192.0.2.1", "fe80::1%eth0")}, at("fe80::1%eth0", one), "http://[fe80::1%25eth0]", true},
		{"one that does not say who it is", first, []locate.Discovered{says("", "192.0.2.1")}, at("192.0.2.1", one), "http://192.0.2.1", true},
		{"nobody", "", nil, nil, "no gateway answers to multicast DNS", false},
		{"two, and none is meant", "", []locate.Discovered{says(first, "192.0.2.1"), says(second, "192.0.2.2")}, nil, "several gateways answer: " + first + " at 192.0.2.1, " + second + " at 192.0.2.2", false},
		{"another than is meant", second, []locate.Discovered{says(first, "192.0.2.1")}, at("192.0.2.1", one), "gateway " + second + " does not answer to multicast DNS here, only others do: " + first + " at 192.0.2.1", false},
		{"one that lies", first, []locate.Discovered{says(first, "192.0.2.2")}, at("192.0.2.2", two), "http://192.0.2.2: gateway " + second + " answers, not " + first, false},
		{"one that does not answer", first, []locate.Discovered{says(first, "192.0.2.1")}, nil, "no route to host", false},
		{"one without an address", first, []locate.Discovered{says(first)}, nil, first + " announces no address", false},
	} {
		l := &lan{announced: tt.announced, answers: tt.answers}
		c := l.client(tt.serial)
		s, err := c.Open(t.Context())
		switch {
		case tt.ok && (err != nil || s.URL() != tt.want):
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		case !tt.ok && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		c.CloseIdle()
	}
}

// TestAutoMoves: a gateway stays where it answers, is looked for when it does
// not, and never becomes another one.
func TestAutoMoves(t *testing.T) {
	one, two := gatewayOf(t, first), gatewayOf(t, second)
	l := &lan{announced: []locate.Discovered{says(first, "192.0.2.1")}, answers: map[string]*envoytest.Server{"192.0.2.1": one}}
	c := l.client("")
	defer c.CloseIdle()
	open := func(want string, asked int) {
		t.Helper()
		s, err := c.Open(t.Context())
		got := ""
		if err == nil {
			got = s.URL()
		}
		if got != want || l.asked != asked {
			t.Errorf("found at %q (%v), asked %d times; want %q, %d times", got, err, l.asked, want, asked)
		}
	}
	open("http://192.0.2.1", 1)
	open("http://192.0.2.1", 1)
	// It got another address, and another gateway got its own.
	l.announced = []locate.Discovered{says(first, "192.0.2.7"), says(second, "192.0.2.1")}
	l.answers = map[string]*envoytest.Server{"192.0.2.7": one, "192.0.2.1": two}
	c.CloseIdle()
	open("http://192.0.2.7", 2)
	// It is gone, and the other is alone.
	l.announced = l.announced[1:]
	delete(l.answers, "192.0.2.7")
	c.CloseIdle()
	open("", 3)
}
