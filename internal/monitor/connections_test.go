package monitor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestConnectionLimit checks that many idle connections do not delay /healthz, and
// that they do not close the streams of the page.
func TestConnectionLimit(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s := &Server{Metrics: http.NotFoundHandler(), Health: func() Health { return Health{} }, Page: page}
		s.Serve(ctx, l)
	}()
	defer func() { cancel(); <-ended }()
	dial := func(text string) net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		return c
	}
	isClosed := func(c net.Conn) bool {
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, err := io.Copy(io.Discard, c)
		return !errors.Is(err, os.ErrDeadlineExceeded)
	}

	stream := dial("GET /api/events HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := stream.Read(make([]byte, 1)); err != nil { // the response has begun
		t.Fatal(err)
	}
	first := dial("")
	var idle []net.Conn
	for range maxConnections {
		idle = append(idle, dial("GET /healthz HTTP/1.1\r\n")) // a header that does not end
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + l.Addr().String() + healthzPath)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if !isClosed(first) {
		t.Error("the connection that was idle longest is open")
	}
	if isClosed(idle[len(idle)-1]) { // by their timeout
		t.Error("the request has waited for idle connections")
	}
	if isClosed(stream) {
		t.Error("the stream was closed")
	}
}

// A peerConn is a connection of a peer.
type peerConn struct {
	net.Conn
	peer     string
	isClosed bool
}

func (c *peerConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.peer))
}

func (c *peerConn) Close() error { c.isClosed = true; return nil }

// TestConnectionClosed checks which connection makes room for a new one.
func TestConnectionClosed(t *testing.T) {
	for _, tt := range []struct {
		name    string
		first   string // peer of the first connection
		other   string // of all others
		streams bool   // all but the first read events
		change  bool   // the first has just sent a request
		want    int    // index of the connection that is closed
	}{
		{"all of one peer", "192.0.2.1:1", "192.0.2.1:1", false, false, 0},
		{"the first is not idle", "192.0.2.1:1", "192.0.2.1:1", false, true, 1},
		{"the first is of another peer", "192.0.2.2:1", "192.0.2.1:1", false, false, 1},
		{"others are streams", "192.0.2.1:1", "192.0.2.1:1", true, true, 0},
		{"others are streams of another peer", "192.0.2.2:1", "192.0.2.1:1", true, false, 1},
		{"the first is of another network", "[2001:db8:0:2::1]:1", "[2001:db8:0:1::1]:1", false, false, 1},
		{"the first is of the same network", "[2001:db8:0:1::2]:1", "[2001:db8:0:1::1]:1", false, false, 0},
		{"IPv4 as IPv6", "[::ffff:192.0.2.1]:1", "192.0.2.1:1", false, false, 0},
	} {
		c, now := newConnections(), time.Now()
		conns := make([]*peerConn, maxConnections)
		for i := range conns {
			conns[i] = &peerConn{peer: tt.other}
			if i == 0 {
				conns[i].peer = tt.first
			}
			c.set(conns[i], http.StateNew, now.Add(time.Duration(i)))
			c.setStream(conns[i], tt.streams && i > 0)
		}
		if tt.change {
			c.set(conns[0], http.StateActive, now.Add(time.Hour))
		}
		c.set(&peerConn{peer: "192.0.2.9:1"}, http.StateNew, now.Add(time.Minute))
		if got := slices.IndexFunc(conns, func(c *peerConn) bool { return c.isClosed }); got != tt.want {
			t.Errorf("%s: connection %d is closed, want %d", tt.name, got, tt.want)
		}
		if len(c.open) != maxConnections {
			t.Errorf("%s: %d connections, want %d", tt.name, len(c.open), maxConnections)
		}
	}
}

// TestEndingConnections checks that the server does not accept connections faster than
// it ends those that it closes.
func TestEndingConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConnections()
		var all []*peerConn
		go func() {
			for range 2 * maxConnections {
				conn := &peerConn{peer: "192.0.2.1:1"}
				all = append(all, conn)
				c.set(conn, http.StateNew, time.Now())
			}
		}()
		synctest.Wait()
		if got, want := len(all), maxConnections+maxEnding+1; got != want {
			t.Errorf("%d connections were accepted, want %d", got, want)
		}
		for i := 0; i < len(all); i++ {
			c.set(all[i], http.StateClosed, time.Now())
			synctest.Wait()
		}
		if len(all) != 2*maxConnections || c.running != 0 || len(c.open) != 0 {
			t.Errorf("%d connections were accepted, %d run, %d are open", len(all), c.running, len(c.open))
		}
	})
}
