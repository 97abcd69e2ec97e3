package view

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// TestWatchedReadings: only a reading that is current is shown.
func TestWatchedReadings(t *testing.T) {
	const serial = "122000000001"
	start := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	live := func(at time.Time, more string) []byte {
		return fmt.Appendf(nil, `{"ts":%q%s,"grid":{"power":100}}`, at.Format(time.RFC3339), more)
	}
	for _, tt := range []struct {
		name    string
		prepare func(w *Watcher, g *watched)
		age     time.Duration
		status  string
		shown   bool
	}{
		{"fresh", func(_ *Watcher, g *watched) { g.read(live(start, ""), start) }, time.Second, "live", true},
		{"none yet", func(*Watcher, *watched) {}, time.Second, "waiting", false},
		{"late", func(_ *Watcher, g *watched) { g.read(live(start, ""), start) }, 15 * time.Second, "STALE: no reading for 15s", false},
		{"late for its interval", func(w *Watcher, g *watched) {
			w.paces[serial] = time.Second
			g.read(live(start, ""), start)
		}, 5 * time.Second, "STALE", false},
		{"delayed on its way", func(_ *Watcher, g *watched) {
			g.read(live(start.Add(-time.Minute), ""), start.Add(-time.Minute))
			g.read(live(start.Add(-30*time.Second), ""), start)
		}, 0, "STALE: readings arrive 30s late", false},
		{"other clock", func(_ *Watcher, g *watched) { g.read(live(start.Add(-time.Hour), ""), start) }, 0, "check clocks", true},
		{"fail-safe", func(_ *Watcher, g *watched) { g.read(live(start, `,"failsafe":true`), start) }, 0, "FAILSAFE", false},
		{"offline", func(_ *Watcher, g *watched) {
			g.read(live(start, ""), start)
			g.offline = true
		}, 0, "OFFLINE", false},
		{"back again", func(_ *Watcher, g *watched) {
			g.offline = true
			g.read(live(start, ""), start)
		}, 0, "live", true},
		{"lost broker", func(w *Watcher, g *watched) {
			g.read(live(start, ""), start)
			w.Connected(errors.New("refused"))
		}, 0, "STALE", false},
	} {
		w := NewWatcher("envoy")
		g := w.gateway(serial)
		tt.prepare(w, g)
		v := w.view(serial, start.Add(tt.age))
		if !strings.Contains(v.Status, tt.status) || (v.Document != nil) != tt.shown {
			t.Errorf("%s: status %q, numbers shown: %t; want %q, %t", tt.name, v.Status, v.Document != nil, tt.status, tt.shown)
		}
	}
}

// TestWatchFleet checks that a watcher of a fleet reads the topics of every shard, and
// shows which are offline.
func TestWatchFleet(t *testing.T) {
	w := NewWatcher("envoy")
	w.Bridges = []string{"bridge-1", "bridge-2"}
	want := "[envoy/bridge-1/state envoy/bridge-1/info envoy/bridge-2/state envoy/bridge-2/info envoy/+/availability envoy/+/storage/soc envoy/+/live]"
	if got := fmt.Sprint(w.Filters()); got != want {
		t.Errorf("Filters = %s, want %s", got, want)
	}
	now := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	shown := func() string { return strings.Join(w.Lines(now, 80, terminal.Painter{}), "\n") }
	if got := shown(); !strings.Contains(got, "No bridge has published under envoy yet") {
		t.Errorf("without a message: %s", got)
	}
	for topic, payload := range map[string]string{
		"envoy/bridge-1/state": "online", "envoy/bridge-2/state": "offline", "envoy/bridge-3/state": "offline", "envoy/bridge/state": "offline",
		"envoy/bridge-1/info":     `{"gateways":[{"serial":"122000000001","interval":2}]}`,
		"envoy/122000000001/live": `{"ts":"2026-11-23T12:00:00Z","grid":{"power":100}}`,
	} {
		w.Message(topic, []byte(payload), false, now)
	}
	if got := shown(); !strings.Contains(got, "bridge-2 is offline: start this shard.") || strings.Count(got, "is offline") != 1 || w.paces["122000000001"] != 2*time.Second {
		t.Errorf("paces %v, and shown is\n%s", w.paces, got)
	}
}

// TestWatchIgnoresRetainedReadings: a retained live document is of unknown age.
func TestWatchIgnoresRetainedReadings(t *testing.T) {
	w := NewWatcher("home/envoy")
	doc := []byte(`{"ts":"2026-11-23T12:00:00Z","grid":{"power":100}}`)
	if _, live := w.Message("home/envoy/122000000001/live", doc, true, time.Now()); live {
		t.Error("a retained document counts as live")
	}
	if serial, live := w.Message("home/envoy/122000000001/live", doc, false, time.Now()); !live || serial != "122000000001" {
		t.Errorf("Message = %q, %t, want the gateway's", serial, live)
	}
	if _, live := w.Message("home/envoy/\x1b[2J/live", doc, false, time.Now()); live {
		t.Error("a topic without a serial number counts")
	}
}
