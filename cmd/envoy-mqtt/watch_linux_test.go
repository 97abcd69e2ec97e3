package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// TestWatchScreens holds what watch shows of two gateways on a terminal of 80 and
// one of 40 columns.
func TestWatchScreens(t *testing.T) {
	for _, width := range []int{80, 40} {
		p := newPerson(t, width, 24)
		c := &console{in: p.program, out: p.program, outIsTerminal: true}
		now := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.Local)
		w := newWatcher("envoy")
		w.message("envoy/bridge/state", []byte("online"), true)
		w.names["122000000002"] = "Garage"
		w.gateway("122000000002")
		g := w.gateway("122000000001")
		for i := range 40 {
			sample := everything()
			sample.Time = now.Add(time.Duration(i-40) * time.Second)
			for m := range sample.Meters {
				sample.Meters[m].Total.Set(0, float64((i%9-4)*300*(m+1)))
			}
			if !g.read(schema.LiveDocument(sample), sample.Time) {
				t.Fatal("the document could not be read")
			}
		}
		g.soc, g.socAt = 64, now
		s, err := terminal.NewScreen(c.in, c.out, func(width int) []string { return w.lines(now, width, c.painter()) })
		if err != nil {
			t.Fatal(err)
		}
		shown := make(chan error)
		go func() { shown <- s.Show(t.Context()) }()
		proctest.Await(t, "the screen", func() bool { return strings.Contains(p.seen.String(), "q quit") })
		fmt.Fprint(p, "q")
		if err := <-shown; err != nil {
			t.Fatal(err)
		}
		proctest.Await(t, "the former screen", func() bool { return strings.HasSuffix(p.seen.String(), leaveScreen) })
		golden(t, filepath.Join("testdata", "screens", fmt.Sprintf("watch-%d.txt", width)), draw(strings.TrimSuffix(p.seen.String(), leaveScreen), width, 24))
	}
}

// TestWatch: what the running bridge publishes is shown; when it has stopped, no
// number is.
func TestWatch(t *testing.T) {
	h := newHouse(t, stillHouse())
	bridge := h.start(t, withAccount)
	bridge.Await("gateway found")
	p := newPerson(t, 80, 24)
	cmd := h.command(t, withAccount, "watch")
	p.attach(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	screen := func() string { return draw(p.seen.String(), 80, 24) }
	defer func() {
		if t.Failed() {
			t.Log(screen())
		}
	}()
	proctest.Await(t, "a reading", func() bool {
		return strings.Contains(screen(), "187 W  exporting") && strings.Contains(screen(), "72 %")
	})
	bridge.Stop()
	proctest.Await(t, "the end of the numbers", func() bool {
		text := screen()
		return strings.Contains(text, "OFFLINE") && strings.Contains(text, "start envoy-mqtt") && !strings.Contains(text, "exporting")
	})
	h.broker.close()
	proctest.Await(t, "the lost broker", func() bool { return strings.Contains(screen(), "no connection to the broker") })
	fmt.Fprint(p, "q")
	if err := cmd.Wait(); err != nil {
		t.Errorf("watch ended with %v", err)
	}
}

// TestWatchInAPipe: one document a line, each with its gateway.
func TestWatchInAPipe(t *testing.T) {
	h := newHouse(t, stillHouse())
	h.start(t, withAccount)
	watch := proctest.Start(t, h.command(t, withAccount, "watch"))
	proctest.Await(t, "two readings", func() bool { return strings.Count(watch.Output(), "\n") >= 2 })
	watch.Stop()
	line, _, _ := strings.Cut(watch.Output(), "\n")
	var doc struct {
		Serial string
		Grid   struct{ Power float64 }
	}
	if err := json.Unmarshal([]byte(line), &doc); err != nil || doc.Serial != "122012345678" || doc.Grid.Power > -180 {
		t.Errorf("watch printed %q (%v)", line, err)
	}
}

// TestWatchedReadings: only a reading that is current is shown.
func TestWatchedReadings(t *testing.T) {
	const serial = "122000000001"
	start := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	live := func(at time.Time, more string) []byte {
		return fmt.Appendf(nil, `{"ts":%q%s,"grid":{"power":100}}`, at.Format(time.RFC3339), more)
	}
	for _, tt := range []struct {
		name    string
		prepare func(w *watcher, g *watched)
		age     time.Duration
		status  string
		shown   bool
	}{
		{"fresh", func(_ *watcher, g *watched) { g.read(live(start, ""), start) }, time.Second, "live", true},
		{"none yet", func(*watcher, *watched) {}, time.Second, "waiting", false},
		{"late", func(_ *watcher, g *watched) { g.read(live(start, ""), start) }, 15 * time.Second, "STALE: no reading for 15s", false},
		{"late for its interval", func(w *watcher, g *watched) {
			w.paces[serial] = time.Second
			g.read(live(start, ""), start)
		}, 5 * time.Second, "STALE", false},
		{"delayed on its way", func(_ *watcher, g *watched) {
			g.read(live(start.Add(-time.Minute), ""), start.Add(-time.Minute))
			g.read(live(start.Add(-30*time.Second), ""), start)
		}, 0, "STALE: readings arrive 30s late", false},
		{"other clock", func(_ *watcher, g *watched) { g.read(live(start.Add(-time.Hour), ""), start) }, 0, "check clocks", true},
		{"fail-safe", func(_ *watcher, g *watched) { g.read(live(start, `,"failsafe":true`), start) }, 0, "FAILSAFE", false},
		{"offline", func(_ *watcher, g *watched) {
			g.read(live(start, ""), start)
			g.offline = true
		}, 0, "OFFLINE", false},
		{"back again", func(_ *watcher, g *watched) {
			g.offline = true
			g.read(live(start, ""), start)
		}, 0, "live", true},
		{"lost broker", func(w *watcher, g *watched) {
			g.read(live(start, ""), start)
			w.connected(errors.New("refused"))
		}, 0, "STALE", false},
	} {
		w := newWatcher("envoy")
		g := w.gateway(serial)
		tt.prepare(w, g)
		v := w.view(serial, start.Add(tt.age))
		if !strings.Contains(v.status, tt.status) || (v.doc != nil) != tt.shown {
			t.Errorf("%s: status %q, numbers shown: %t; want %q, %t", tt.name, v.status, v.doc != nil, tt.status, tt.shown)
		}
	}
}

// TestWatchIgnoresRetainedReadings: a retained live document is of unknown age.
func TestWatchIgnoresRetainedReadings(t *testing.T) {
	w := newWatcher("home/envoy")
	doc := []byte(`{"ts":"2026-11-23T12:00:00Z","grid":{"power":100}}`)
	if _, live := w.message("home/envoy/122000000001/live", doc, true); live {
		t.Error("a retained document counts as live")
	}
	if serial, live := w.message("home/envoy/122000000001/live", doc, false); !live || serial != "122000000001" {
		t.Errorf("message = %q, %t, want the gateway's", serial, live)
	}
	if _, live := w.message("home/envoy/\x1b[2J/live", doc, false); live {
		t.Error("a topic without a serial number counts")
	}
}

// everything is a house of three phases in which all is measured.
func everything() envoy.Sample {
	var c envoy.Channel
	for q := envoy.Power; q <= envoy.EnergyDischarged; q++ {
		c.Set(q, 1)
	}
	var s envoy.Sample
	for _, m := range []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.TotalConsumption, envoy.Storage} {
		s.Meters = append(s.Meters, envoy.Meter{Measurement: m, Total: c, Phases: []envoy.Channel{c, c, c}})
	}
	return s
}
