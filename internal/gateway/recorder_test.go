package gateway

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// TestRecorder checks what is stored of several gateways that answer at once.
func TestRecorder(t *testing.T) {
	dir := t.TempDir()
	cfg := config.Config{General: config.General{StateDir: dir}}
	for _, section := range []string{"ENVOY", "ENVOY_GARAGE"} {
		cfg.Gateways = append(cfg.Gateways, config.Gateway{Section: section})
	}
	var published []string // only the worker writes it
	worker := state.NewWorker()
	r := NewRecorder(New(cfg), func(serials ...string) error { published = append(published, serials...); return nil }, worker, zerolog.Nop())
	var running sync.WaitGroup
	for n, section := range []string{"ENVOY", "ENVOY_GARAGE"} {
		running.Go(func() {
			s := bridge.GatewayState{Name: section, Serial: fmt.Sprintf("12220000000%d", n)}
			r.StateChanged(s)
			s.Phases = 1 + 2*n
			r.StateChanged(s)
		})
	}
	running.Wait()
	if !worker.Close(10 * time.Second) {
		t.Fatal("the worker has not ended")
	}
	stored := state.NewGatewayStore(dir)
	for n, section := range []string{"ENVOY", "ENVOY_GARAGE"} {
		serial := fmt.Sprintf("12220000000%d", n)
		if got, phases := stored.Serial(section), stored.Phases(serial); got != serial || phases != 1+2*n {
			t.Errorf("%s: stored %q with %d phases, want %s with %d", section, got, phases, serial, 1+2*n)
		}
	}
	slices.Sort(published)
	if want := []string{"122200000000", "122200000001"}; !slices.Equal(published, want) {
		t.Errorf("published %q, want %q", published, want)
	}
}

// TestRecordReplacedGateway checks that the phases of a gateway that takes the place of
// another one are stored, though they are as many.
func TestRecordReplacedGateway(t *testing.T) {
	dir := t.TempDir()
	worker := state.NewWorker()
	cfg := config.Config{General: config.General{StateDir: dir}, Gateways: []config.Gateway{{Section: "ENVOY"}}}
	r := NewRecorder(New(cfg), func(...string) error { return nil }, worker, zerolog.Nop())
	for _, serial := range []string{"122200000000", "122200000001"} {
		r.StateChanged(bridge.GatewayState{Name: "ENVOY", Serial: serial})
		r.StateChanged(bridge.GatewayState{Name: "ENVOY", Serial: serial, Phases: 3})
	}
	if !worker.Close(10 * time.Second) {
		t.Fatal("the worker has not ended")
	}
	if n := state.NewGatewayStore(dir).Phases("122200000001"); n != 3 {
		t.Errorf("%d phases are stored of the second gateway, want 3", n)
	}
}

// TestRecordAgain checks that what could not be stored is stored when the folder can be
// written, and that the problem is logged once.
func TestRecordAgain(t *testing.T) {
	blocker := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		cfg := config.Config{General: config.General{StateDir: blocker}, Gateways: []config.Gateway{{Section: "ENVOY"}}}
		published, worker := state.NewPublishedStore(blocker, "broker"), state.NewWorker()
		var log bytes.Buffer
		add := func(serials ...string) error {
			return published.Add(state.PublishedTopics{Topic: "envoy", Serials: serials})
		}
		r := NewRecorder(New(cfg), add, worker, zerolog.New(&log))
		s := bridge.GatewayState{Name: "ENVOY", Serial: "122200000000", Phases: 3}
		r.StateChanged(s)
		for range 10 {
			r.Polled(s, nil)
			time.Sleep(time.Minute)
		}
		if err := os.Remove(blocker); err != nil {
			t.Fatal(err)
		}
		r.Polled(s, nil)
		if !worker.Close(10 * time.Second) {
			t.Fatal("the worker has not ended")
		}
		stored := state.NewGatewayStore(blocker)
		if serial, phases := stored.Serial("ENVOY"), stored.Phases(s.Serial); serial != s.Serial || phases != 3 {
			t.Errorf("stored %q with %d phases, want %s with 3", serial, phases, s.Serial)
		}
		want := []state.PublishedTopics{{Topic: "envoy", Serials: []string{s.Serial}}}
		if got := state.NewPublishedStore(blocker, "broker").Topics(); !reflect.DeepEqual(got, want) {
			t.Errorf("stored topics %+v, want %+v", got, want)
		}
		if n := strings.Count(log.String(), "state folder error"); n != 1 {
			t.Errorf("the problem was logged %d times, want once:\n%s", n, log.String())
		}
	})
}
