package gateway

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A Recorder is an observer that stores the serial number and the phases of each
// gateway in the state folder.
type Recorder struct {
	bridge.BaseObserver

	gateways  map[string]*recordedGateway // by section; does not change
	seen      *state.GatewayStore
	published func(serials ...string) error // stores that topics of gateways are published
	worker    *state.Worker                 // writes the files
	log       zerolog.Logger

	mu        sync.Mutex        // guards the fields below
	serials   map[string]string // not stored yet, by section
	phases    map[string]int    // likewise, by serial number
	isUnsaved bool              // the last attempt to store failed, or there was none
	savedAt   time.Time         // of that attempt
	logged    problem.Set       // since everything was stored
}

// retryInterval separates two attempts to store what could not be stored.
const retryInterval = time.Minute

// A recordedGateway is what was stored of a gateway. Its event loop uses it.
type recordedGateway struct {
	*Gateway
	serial string
	phases int
}

// NewRecorder returns a recorder of gateways.
func NewRecorder(gateways []*Gateway, published func(serials ...string) error, worker *state.Worker, log zerolog.Logger) *Recorder {
	r := &Recorder{gateways: map[string]*recordedGateway{}, published: published, worker: worker, log: log, isUnsaved: true}
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

// Polled implements [bridge.Observer]. It has what could not be stored stored again.
func (r *Recorder) Polled(bridge.GatewayState, *envoy.Sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isUnsaved && time.Since(r.savedAt) >= retryInterval {
		r.savedAt = time.Now()
		r.worker.Do("gateways", r.save)
	}
}

// save stores the changes, and what could not be stored before: the stores keep it.
func (r *Recorder) save() {
	r.mu.Lock()
	serials, phases := r.serials, r.phases
	r.serials, r.phases = map[string]string{}, map[string]int{}
	r.mu.Unlock()
	seen := errors.Join(r.seen.SetSerials(serials), r.seen.SetPhases(phases))
	published := r.published(slices.Sorted(maps.Values(serials))...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isUnsaved, r.savedAt = seen != nil || published != nil, time.Now()
	switch {
	case !r.isUnsaved:
		r.logged.Clear()
	case seen != nil && r.logged.Add(seen):
		r.log.Warn().Err(seen).Msg("state folder error")
	}
}
