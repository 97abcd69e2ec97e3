package faults_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// A recoveryRow is a fault of some seconds, and what it may cost at the default
// settings.
type recoveryRow struct {
	name  string
	fault envoytest.Fault // of the gateway's data; "" for one of the others
	hung  bool            // every page of the gateway hangs, /info too
	gone  bool            // the gateway refuses connections
	lasts time.Duration
	back  time.Duration // live is back so soon after the end
	gap   time.Duration // and has been silent for so long; 0: not asserted
}

// answers is how long the simulated gateway needs for four answers: a session
// is opened anew after an outage.
const answers = 4 * 50 * time.Millisecond

var recoveryRows = []recoveryRow{
	{name: "data pages hang", fault: envoytest.Hang, lasts: 2 * time.Second, back: 2 * time.Second, gap: 4 * time.Second},
	{name: "data pages hang", fault: envoytest.Hang, lasts: 30 * time.Second, back: 4 * time.Second},
	{name: "all pages hang", hung: true, lasts: 2 * time.Second, back: 2 * time.Second, gap: 4 * time.Second},
	{name: "all pages hang", hung: true, lasts: 30 * time.Second, back: 4 * time.Second},
	{name: "503", fault: envoytest.Busy, lasts: 10 * time.Second, back: 3 * time.Second},
	{name: "503", fault: envoytest.Busy, lasts: 29 * time.Second, back: 3 * time.Second},
	{name: "503", fault: envoytest.Busy, lasts: 33 * time.Second, back: 10*time.Second + answers},
	{name: "503", fault: envoytest.Busy, lasts: 66 * time.Second, back: 10*time.Second + answers},
	{name: "refused", gone: true, lasts: 20 * time.Second, back: 3 * time.Second},
	{name: "refused", gone: true, lasts: 66 * time.Second, back: 10*time.Second + answers},
	{name: "reset", fault: envoytest.Reset, lasts: 20 * time.Second, back: 3 * time.Second},
	{name: "reset", fault: envoytest.Reset, lasts: 66 * time.Second, back: 10*time.Second + answers},
	{name: "garbage", fault: envoytest.Garbage, lasts: 20 * time.Second, back: 3 * time.Second},
	{name: "garbage", fault: envoytest.Garbage, lasts: 66 * time.Second, back: 10*time.Second + answers},
	{name: "frozen", fault: envoytest.Frozen, lasts: 190 * time.Second, back: 1500 * time.Millisecond},
}

// TestRecovery: at the default settings live is back soon after a fault,
// wherever between two requests the fault begins.
func TestRecovery(t *testing.T) {
	for _, row := range recoveryRows {
		t.Run(row.title(), func(t *testing.T) {
			t.Parallel()
			var back, gap time.Duration
			for _, phase := range phases {
				synctest.Test(t, func(t *testing.T) {
					b, g := row.run(t, time.Minute+phase)
					back, gap = max(back, b), max(gap, g)
				})
			}
			t.Logf("live is back %v after the end, %v after the document before, at most", back, gap)
			if back > row.back {
				t.Errorf("live is back %v after the end, want %v at most", back, row.back)
			}
			if row.gap > 0 && gap > row.gap {
				t.Errorf("live was silent for %v, want %v at most", gap, row.gap)
			}
		})
	}
}

// title is the row's name in docs/dev/failures.md.
func (row recoveryRow) title() string {
	return fmt.Sprintf("%s for %.0f s", row.name, row.lasts.Seconds())
}

// run has the fault begin so long after the start, and returns when live was
// back after its end and how long it was silent.
func (row recoveryRow) run(t *testing.T, after time.Duration) (back, gap time.Duration) {
	t.Helper()
	b := newBubble(envoy.AutoSource, 0, 0)
	b.gateway.Latency = 50 * time.Millisecond
	valve := &valve{Gateway: b.gateway}
	b.server.Close()
	b.server = envoytest.NewServer(valve)
	b.bridge.Gateways[0].Client.Dial = b.server.Dial
	b.start(t)
	time.Sleep(after)
	began := time.Now()
	ended := row.strike(b.gateway, b.server, valve)
	time.Sleep(row.back + 30*time.Second)
	b.stop(t)
	r := b.recording()
	first, ok := r.first(r.topic("live"), "", ended)
	if !ok {
		t.Fatalf("live is not back %v after the end", row.back+30*time.Second)
	}
	last := began
	for _, m := range r.messages {
		if m.topic == r.topic("live") && m.at.Before(first) {
			last = m.at
		}
	}
	return first.Sub(ended), first.Sub(last)
}

// strike has the fault begin, and returns when it is over.
func (row recoveryRow) strike(g *envoytest.Gateway, s *envoytest.Server, v *valve) (ended time.Time) {
	switch {
	case row.fault != "":
		g.FaultFor(row.fault, row.lasts)
	case row.hung:
		v.shut.Store(true)
	case row.gone:
		s.Refuse(true)
	}
	time.Sleep(row.lasts)
	v.shut.Store(false)
	s.Refuse(false)
	return time.Now()
}

// A valve is a gateway that never answers a request which comes while it is shut.
type valve struct {
	*envoytest.Gateway
	shut atomic.Bool
}

func (v *valve) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if v.shut.Load() {
		<-r.Context().Done()
		return
	}
	v.Gateway.ServeHTTP(w, r)
}
