package main

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A recorder is an observer that stores the serial number and the phases of each
// gateway in the state folder.
type recorder struct {
	gateways  map[string]*recordedGateway // by section; does not change
	published func(serial string)         // stores that topics of a gateway are published
	worker    *state.Worker               // writes the files
	log       zerolog.Logger
}

// A recordedGateway is what was stored of a gateway. Its event loop uses it.
type recordedGateway struct {
	*configuredGateway
	serial string
	phases int
}

func newRecorder(gateways []*configuredGateway, published func(serial string), worker *state.Worker, log zerolog.Logger) *recorder {
	r := &recorder{gateways: map[string]*recordedGateway{}, published: published, worker: worker, log: log}
	for _, g := range gateways {
		r.gateways[g.Section] = &recordedGateway{configuredGateway: g, serial: g.knownSerial()}
	}
	return r
}

// StateChanged implements [bridge.Observer].
func (r *recorder) StateChanged(s bridge.GatewayState) {
	g := r.gateways[s.Name]
	if s.Serial != "" && s.Serial != g.serial {
		g.serial = s.Serial
		if g.Serial != "" && g.Serial != s.Serial {
			r.log.Warn().Str("gateway", g.Section).Str("configured", g.Serial).Str("found", s.Serial).Msg("SERIAL is not that of the gateway that answers; correct or remove it")
		}
		r.worker.Do("serial number "+g.Section, func() {
			r.warn(g.seen.SetSerial(g.Section, s.Serial))
			r.published(s.Serial)
		})
	}
	if s.Phases > 0 && s.Phases != g.phases {
		g.phases = s.Phases
		r.worker.Do("phases "+g.Section, func() { r.warn(g.seen.SetPhases(g.Section, s.Phases)) })
	}
}

func (r *recorder) warn(err error) {
	if err != nil {
		r.log.Warn().Err(err).Msg("state folder error")
	}
}

// Polled implements [bridge.Observer].
func (*recorder) Polled(bridge.GatewayState, *envoy.Sample) {}

// Requested implements [bridge.Observer].
func (*recorder) Requested(_, _ string, _ time.Duration, _ error) {}

// Inverters implements [bridge.Observer].
func (*recorder) Inverters(_, _ string, _ []envoy.Inverter) {}

// Batteries implements [bridge.Observer].
func (*recorder) Batteries(_, _ string, _ []envoy.Battery, _ envoy.BatteryTotals) {}
