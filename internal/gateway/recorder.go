package gateway

import (
	"maps"
	"slices"
	"sync"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A Recorder is an observer that stores the serial number and the phases of each
// gateway in the state folder.
type Recorder struct {
	bridge.BaseObserver

	gateways  map[string]*recordedGateway // by section; does not change
	seen      *state.GatewayStore
	published func(serials ...string) // stores that topics of gateways are published
	worker    *state.Worker           // writes the files
	log       zerolog.Logger

	mu      sync.Mutex        // guards the fields below, which are not stored yet
	serials map[string]string // by section
	phases  map[string]int    // by serial number
}

// A recordedGateway is what was stored of a gateway. Its event loop uses it.
type recordedGateway struct {
	*Gateway
	serial string
	phases int
}

// NewRecorder returns a recorder of gateways.
func NewRecorder(gateways []*Gateway, published func(serials ...string), worker *state.Worker, log zerolog.Logger) *Recorder {
	r := &Recorder{gateways: map[string]*recordedGateway{}, published: published, worker: worker, log: log}
	r.serials, r.phases = map[string]string{}, map[string]int{}
	for _, g := range gateways {
		r.seen = g.Seen
		r.gateways[g.Section] = &recordedGateway{Gateway: g, serial: g.KnownSerial()}
	}
	return r
}

// StateChanged implements [bridge.Observer].
func (r *Recorder) StateChanged(s bridge.GatewayState) {
	g := r.gateways[s.Name]
	if s.Serial != "" && s.Serial != g.serial {
		g.serial, g.phases = s.Serial, 0
		if g.Serial != "" && g.Serial != s.Serial {
			r.log.Warn().Str("gateway", g.Section).Str("configured", g.Serial).Str("found", s.Serial).Msg("SERIAL is not that of the gateway that answers; correct or remove it")
		}
		r.add(func() { r.serials[g.Section] = s.Serial })
	}
	if s.Phases > 0 && s.Phases != g.phases {
		g.phases = s.Phases
		r.add(func() { r.phases[s.Serial] = s.Phases })
	}
}

// add changes what is not stored yet, and has it stored soon. Many gateways may
// answer at once: their changes are written together.
func (r *Recorder) add(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	r.worker.Do("gateways", r.save)
}

// save stores the changes.
func (r *Recorder) save() {
	r.mu.Lock()
	serials, phases := r.serials, r.phases
	r.serials, r.phases = map[string]string{}, map[string]int{}
	r.mu.Unlock()
	r.warn(r.seen.SetSerials(serials))
	r.warn(r.seen.SetPhases(phases))
	r.published(slices.Sorted(maps.Values(serials))...)
}

func (r *Recorder) warn(err error) {
	if err != nil {
		r.log.Warn().Err(err).Msg("state folder error")
	}
}
