package monitor

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/access"
)

const (
	// maxConnections limits the connections at the same time.
	maxConnections = 256
	// maxEnding limits those that are closed, but of which the goroutines still run.
	maxEnding = 64
)

// eventsPath is the path of the page whose responses do not end.
const eventsPath = "/api/events"

// connections limits the connections of a server. At the limit, a new connection
// closes another one: of the peer with most connections the one that has been idle for
// the longest time. A listener that waits instead would let a client with many
// connections delay /healthz until Kubernetes restarts the program.
type connections struct {
	mu      sync.Mutex // guards the fields below
	open    map[net.Conn]connection
	running int       // goroutines of connections
	ended   sync.Cond // running has become less
}

// A connection is the state of one connection.
type connection struct {
	peer     netip.Prefix // its network
	changed  time.Time    // when a request began or ended
	isStream bool         // it reads events, whose clients the page limits
}

func newConnections() *connections {
	c := &connections{open: map[net.Conn]connection{}}
	c.ended.L = &c.mu
	return c
}

// connectionKey is the key of a request's connection in its context.
type connectionKey struct{}

// limit makes srv limit its connections.
func (c *connections) limit(srv *http.Server) {
	srv.ConnState = func(conn net.Conn, state http.ConnState) { c.set(conn, state, time.Now()) }
	srv.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, conn)
	}
	next := srv.Handler
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, ok := r.Context().Value(connectionKey{}).(net.Conn); ok && r.URL.Path == eventsPath {
			c.setStream(conn, true)
			defer c.setStream(conn, false)
		}
		next.ServeHTTP(w, r)
	})
}

// set records a change of a connection. For a new one it waits while too many are
// ending: the server calls it before it accepts the next.
func (c *connections) set(conn net.Conn, state http.ConnState, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		if len(c.open) >= maxConnections {
			c.closeOne()
		}
		peer, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		c.open[conn] = connection{peer: access.Network(peer.Addr().Unmap()), changed: now}
		c.running++
		for c.running > maxConnections+maxEnding {
			c.ended.Wait()
		}
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
		c.running--
		c.ended.Signal()
	default:
		if s, ok := c.open[conn]; ok {
			s.changed = now
			c.open[conn] = s
		}
	}
}

func (c *connections) setStream(conn net.Conn, isStream bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.open[conn]; ok {
		s.isStream = isStream
		c.open[conn] = s
	}
}

// closeOne closes one connection, one that reads events only if its peer has no
// others. The caller holds c.mu.
func (c *connections) closeOne() {
	count, most := map[netip.Prefix]int{}, 0
	for _, s := range c.open {
		count[s.peer]++
		most = max(most, count[s.peer])
	}
	var idle net.Conn
	for conn, s := range c.open {
		best, ok := c.open[idle]
		switch {
		case count[s.peer] < most:
		case !ok, best.isStream && !s.isStream, best.isStream == s.isStream && s.changed.Before(best.changed):
			idle = conn
		}
	}
	delete(c.open, idle)
	_ = idle.Close()
}
