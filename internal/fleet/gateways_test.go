//go:build fleet && linux

package fleet_test

import (
	"cmp"
	"fmt"
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

	mu       sync.Mutex // guards requests
	requests []request
}

// A request is one that a gateway has answered.
type request struct {
	at         time.Time
	connection string // the address of the client's end: each process has connections of its own
	isReading  bool
}

func newGateway(t *testing.T, number int) *gateway {
	t.Helper()
	g := &gateway{
		Gateway: &envoytest.Gateway{Serial: strconv.Itoa(122012300000 + number), Phases: 3, Remember: 1},
		section: fmt.Sprintf("ENVOY_%04d", number),
	}
	g.server = envoytest.NewTLSServer(g)
	t.Cleanup(g.server.Close)
	return g
}

// ServeHTTP implements [http.Handler].
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isReading := r.URL.Path == "/production.json" || r.URL.Path == "/ivp/meters/readings"
	g.mu.Lock()
	g.requests = append(g.requests, request{time.Now(), r.RemoteAddr, isReading})
	g.mu.Unlock()
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

// overlap returns two connections that were in use at the same time: two processes
// have read the gateway.
func (g *gateway) overlap() (first, second string) {
	type span struct {
		connection string
		from, to   time.Time
	}
	var spans []span
	for _, r := range g.recorded(time.Time{}) {
		i := slices.IndexFunc(spans, func(s span) bool { return s.connection == r.connection })
		if i < 0 {
			spans = append(spans, span{r.connection, r.at, r.at})
			continue
		}
		spans[i].to = r.at
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from.Before(spans[i-1].to) {
			return spans[i-1].connection, spans[i].connection
		}
	}
	return "", ""
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

func newGateways(t *testing.T, n int) (all gateways) {
	t.Helper()
	for i := range n {
		all = append(all, newGateway(t, i))
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

// sections is their part of config.ini.
func (all gateways) sections(interval time.Duration) string {
	var b strings.Builder
	for _, g := range all {
		fmt.Fprintf(&b, "[%s]\nHOST = %s\nINTERVAL = %v\nUSERNAME = owner@example.org\nPASSWORD = s3cret\n", g.section, g.server.URL, interval)
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
	for _, tt := range []struct {
		name     string
		requests []request
		want     bool
	}{
		{"one process", []request{{at(1), "a", true}, {at(2), "a", true}, {at(3), "a", true}}, false},
		{"a restart", []request{{at(1), "a", true}, {at(2), "a", true}, {at(5), "b", true}, {at(6), "b", true}}, false},
		{"a last request in between", []request{{at(1), "a", true}, {at(2), "b", false}, {at(3), "a", true}}, true},
		{"two processes", []request{{at(1), "a", true}, {at(2), "b", true}, {at(3), "a", true}, {at(4), "b", true}}, true},
		{"within a third", []request{{at(1), "a", true}, {at(2), "b", true}, {at(3), "b", true}, {at(4), "c", true}, {at(9), "a", true}}, true},
	} {
		g := &gateway{requests: tt.requests}
		if a, b := g.overlap(); (a != "") != tt.want {
			t.Errorf("%s: overlap = %s, %s", tt.name, a, b)
		}
	}
	g := &gateway{requests: []request{{at(1), "a", true}, {at(3), "a", true}, {at(5), "a", false}, {at(9), "a", true}}}
	if got := g.longestGap(at(20)); got != 11*time.Second {
		t.Errorf("longestGap = %v, want 11s", got)
	}
}
