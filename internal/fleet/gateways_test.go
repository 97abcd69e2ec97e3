//go:build fleet && linux

package fleet_test

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/shard"
)

// A gateway is a simulated gateway that records who reads it and when.
type gateway struct {
	*envoytest.Gateway
	section string
	server  *envoytest.Server
	owners  *owners

	mu       sync.Mutex // guards requests
	requests []request
}

// A request is one that a gateway has answered.
type request struct {
	at         time.Time
	connection string // the addresses of both ends, the client's first
	isReading  bool
}

func newGateway(t *testing.T, number int, o *owners) *gateway {
	t.Helper()
	g := &gateway{
		owners:  o,
		Gateway: &envoytest.Gateway{Serial: strconv.Itoa(122012300000 + number), Phases: 3, Remember: 1},
		section: fmt.Sprintf("ENVOY_%04d", number),
	}
	g.server = envoytest.NewTLSServer(g)
	t.Cleanup(g.server.Close)
	return g
}

// ServeHTTP implements [http.Handler].
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// A port of the client's may be used by several processes, each to another gateway.
	connection := r.RemoteAddr + " " + r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()
	isReading := r.URL.Path == "/production.json" || r.URL.Path == "/ivp/meters/readings"
	g.mu.Lock()
	g.requests = append(g.requests, request{time.Now(), connection, isReading})
	g.mu.Unlock()
	g.owners.add(connection)
	g.Gateway.ServeHTTP(w, r)
}

// recorded returns the requests since a moment.
func (g *gateway) recorded(since time.Time) []request {
	g.mu.Lock()
	defer g.mu.Unlock()
	i, _ := slices.BinarySearchFunc(g.requests, since, func(r request, t time.Time) int { return r.at.Compare(t) })
	return slices.Clone(g.requests[i:])
}

// readings returns the number of readings since a moment.
func (g *gateway) readings(since time.Time) (n int) {
	for _, r := range g.recorded(since) {
		if r.isReading {
			n++
		}
	}
	return n
}

// overlap returns two processes that have read the gateway at the same time, 0 if
// there are none. Requests on connections of unknown processes are left out. What a
// gateway answers after the process has ended was sent before: a machine under load
// answers late.
func (g *gateway) overlap(process func(connection string) int, ended map[int]time.Time) (first, second int) {
	type span struct {
		pid      int
		from, to time.Time
	}
	var spans []span
	for _, r := range g.recorded(time.Time{}) {
		pid, end := process(r.connection), ended[process(r.connection)]
		if pid == 0 || !end.IsZero() && r.at.After(end) {
			continue
		}
		i := slices.IndexFunc(spans, func(s span) bool { return s.pid == pid })
		if i < 0 {
			spans = append(spans, span{pid, r.at, r.at})
			continue
		}
		spans[i].to = r.at
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from.Before(spans[i-1].to) {
			return spans[i-1].pid, spans[i].pid
		}
	}
	return 0, 0
}

// longestGap returns the longest time between two readings, up to end.
func (g *gateway) longestGap(end time.Time) (gap time.Duration) {
	var last time.Time
	for _, r := range append(g.recorded(time.Time{}), request{at: end, isReading: true}) {
		if !r.isReading || r.at.After(end) {
			continue
		}
		if !last.IsZero() {
			gap = max(gap, r.at.Sub(last))
		}
		last = r.at
	}
	return gap
}

// gateways are all gateways of the fleet.
type gateways []*gateway

func newGateways(t *testing.T, n int, o *owners) (all gateways) {
	t.Helper()
	for i := range n {
		all = append(all, newGateway(t, i, o))
	}
	return all
}

// of returns the gateways of a shard.
func (all gateways) of(s shard.Shard) (owned gateways) {
	for _, g := range all {
		if s.Owns(g.section) {
			owned = append(owned, g)
		}
	}
	return owned
}

// areRead reports whether every gateway has had so many readings since a moment.
func (all gateways) areRead(since time.Time, times int) bool {
	return !slices.ContainsFunc(all, func(g *gateway) bool { return g.readings(since) < times })
}

// sections is their part of config.ini. With one source, an answer that is late under
// load does not change which entities there are, which would clear topics.
func (all gateways) sections(interval time.Duration) string {
	var b strings.Builder
	for _, g := range all {
		fmt.Fprintf(&b, "[%s]\nHOST = %s\nINTERVAL = %v\nSOURCE = meters\nUSERNAME = owner@example.org\nPASSWORD = s3cret\n", g.section, g.server.URL, interval)
	}
	return b.String()
}

// longestGap returns the gateway that was unread for the longest time.
func (all gateways) longestGap(end time.Time) (*gateway, time.Duration) {
	worst := slices.MaxFunc(all, func(a, b *gateway) int { return cmp.Compare(a.longestGap(end), b.longestGap(end)) })
	return worst, worst.longestGap(end)
}

func (g *gateway) token() string {
	return enlightentest.Sign(enlightentest.Claims{Serial: g.Serial})
}

// TestOverlap checks that two readers are noticed.
func TestOverlap(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	process := func(connection string) int { return map[string]int{"a1": 1, "a2": 1, "b": 2, "c": 3}[connection] }
	ended := map[int]time.Time{1: at(20)}
	for _, tt := range []struct {
		name     string
		requests []request
		want     bool
	}{
		{"one process", []request{{at(1), "a1", true}, {at(2), "a1", true}, {at(3), "a2", true}, {at(4), "a1", true}}, false},
		{"a restart", []request{{at(1), "a1", true}, {at(2), "a1", true}, {at(5), "b", true}, {at(6), "b", true}}, false},
		{"a late answer to a process that has ended", []request{{at(1), "a1", true}, {at(21), "b", true}, {at(22), "a1", true}, {at(23), "b", true}}, false},
		{"an unknown connection", []request{{at(1), "a1", true}, {at(2), "x", true}, {at(3), "a1", true}}, false},
		{"one request in between", []request{{at(1), "a1", true}, {at(2), "b", false}, {at(3), "a2", true}}, true},
		{"two processes", []request{{at(1), "a1", true}, {at(2), "b", true}, {at(3), "a1", true}, {at(4), "b", true}}, true},
		{"within a third", []request{{at(1), "a1", true}, {at(2), "b", true}, {at(3), "b", true}, {at(4), "c", true}, {at(9), "a1", true}}, true},
	} {
		g := &gateway{requests: tt.requests}
		if a, b := g.overlap(process, ended); (a != 0) != tt.want {
			t.Errorf("%s: overlap = %d, %d", tt.name, a, b)
		}
	}
	g := &gateway{requests: []request{{at(1), "a1", true}, {at(3), "a1", true}, {at(5), "a1", false}, {at(9), "a1", true}}}
	if got := g.longestGap(at(20)); got != 11*time.Second {
		t.Errorf("longestGap = %v, want 11s", got)
	}
}
