package gateway

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A Recorder is an observer that stores the serial number and the phases of each
// gateway in the state folder.
type Recorder struct {
	gateways  map[string]*recordedGateway // by section; does not change
	published func(serial string)         // stores that topics of a gateway are published
	worker    *state.Worker               // writes the files
	log       zerolog.Logger
}

// A recordedGateway is what was stored of a gateway. Its event loop uses it.
type recordedGateway struct {
	*Gateway
	serial string
	phases int
}

// NewRecorder returns a recorder of gateways.
func NewRecorder(gateways []*Gateway, published func(serial string), worker *state.Worker, log zerolog.Logger) *Recorder {
	r := &Recorder{gateways: map[string]*recordedGateway{}, published: published, worker: worker, log: log}
	for _, g := range gateways {
		r.gateways[g.Section] = &recordedGateway{Gateway: g, serial: g.KnownSerial()}
	}
	return r
}

// StateChanged implements [bridge.Observer].
func (r *Recorder) StateChanged(s bridge.GatewayState) {
	g := r.gateways[s.Name]
	if s.Serial != "" && s.Serial != g.serial {
		g.serial = s.Serial
		if g.Serial != "" && g.Serial != s.Serial {
			r.log.Warn().Str("gateway", g.Section).Str("configured", g.Serial).Str("found", s.Serial).Msg("SERIAL is not that of the gateway that answers; correct or remove it")
		}
		r.worker.Do("serial number "+g.Section, func() {
			r.warn(g.Seen.SetSerial(g.Section, s.Serial))
			r.published(s.Serial)
		})
	}
	if s.Phases > 0 && s.Phases != g.phases {
		g.phases = s.Phases
		r.worker.Do("phases "+g.Section, func() { r.warn(g.Seen.SetPhases(g.Section, s.Phases)) })
	}
}

func (r *Recorder) warn(err error) {
	if err != nil {
		r.log.Warn().Err(err).Msg("state folder error")
	}
}

// Polled implements [bridge.Observer].
func (*Recorder) Polled(bridge.GatewayState, *envoy.Sample) {}

// Totaled implements [bridge.Observer].
func (*Recorder) Totaled(bridge.GatewayState, *envoy.Sample) {}

// Requested implements [bridge.Observer].
func (*Recorder) Requested(_, _ string, _ time.Duration, _ error) {}

// Inverters implements [bridge.Observer].
func (*Recorder) Inverters(_, _ string, _ []envoy.Inverter) {}

// Batteries implements [bridge.Observer].
func (*Recorder) Batteries(_, _ string, _ []envoy.Battery, _ envoy.BatteryTotals) {}
