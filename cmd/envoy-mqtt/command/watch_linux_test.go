package command

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
	"github.com/envoy-mqtt/envoy-mqtt/internal/view"
)

// TestWatchScreens holds what watch shows of two gateways on a terminal of 80 and
// one of 40 columns.
func TestWatchScreens(t *testing.T) {
	for _, width := range []int{80, 40} {
		p := newPerson(t, width, 24)
		c := &console{in: p.program, out: p.program, outIsTerminal: true}
		now := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.Local)
		w := view.NewWatcher("envoy")
		w.Message("envoy/bridge/state", []byte("online"), true, now)
		w.Add("122000000002", "Garage")
		for i := range 40 {
			sample := everything()
			sample.Time = now.Add(time.Duration(i-40) * time.Second)
			for m := range sample.Meters {
				sample.Meters[m].Total.Set(0, float64((i%9-4)*300*(m+1)))
			}
			if _, live := w.Message("envoy/122000000001/live", schema.LiveDocument(sample), false, sample.Time); !live {
				t.Fatal("the document could not be read")
			}
		}
		w.Message("envoy/122000000001/storage/soc", []byte("64"), false, now)
		s, err := terminal.NewScreen(c.in, c.out, func(width int) []string { return w.Lines(now, width, c.stdout().painter) })
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
	t.Parallel()
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
