package gateway

import (
	"errors"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// Learn stores what is known of the gateway now: its serial number, and what it
// measures. The consumers command uses it.
func (g *Gateway) Learn(session *envoy.Session, s envoy.Sample, soc *float64) error {
	phases := 0
	m := state.Measured{}
	if net, ok := s.Meter(envoy.NetConsumption); ok {
		phases = max(1, len(net.Phases))
		_, m.Current = net.Total.Get(envoy.Current)
		_, m.Import = net.Total.Get(envoy.EnergyImport)
	}
	_, m.Batteries = s.Meter(envoy.Storage)
	m.Charge = soc != nil
	err := g.LearnSerial(session)
	if err == nil && phases > 0 {
		err = errors.Join(g.Seen.SetPhases(map[string]int{session.Serial: phases}), g.Seen.SetMeasured(session.Serial, m))
	}
	return err
}

// LearnSerial stores the serial number of the gateway that answers under this
// section.
func (g *Gateway) LearnSerial(session *envoy.Session) error {
	return g.Seen.SetSerial(g.Section, session.Serial)
}
