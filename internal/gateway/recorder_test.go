package gateway

import (
	"fmt"
	"slices"
	"sync"
	"testing"
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
	r := NewRecorder(New(cfg), func(serials ...string) { published = append(published, serials...) }, worker, zerolog.Nop())
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
	r := NewRecorder(New(cfg), func(...string) {}, worker, zerolog.Nop())
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
