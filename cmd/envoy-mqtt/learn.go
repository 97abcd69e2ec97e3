package main

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// sampleOnce reads a sample, and another if the first is implausible.
func sampleOnce(ctx context.Context, session *envoy.Session) (envoy.Sample, error) {
	s, err := session.Sample(ctx)
	if _, skipped := errors.AsType[*envoy.SkippedError](err); skipped {
		s, err = session.Sample(ctx)
	}
	return s, err
}

// addBatteries adds the batteries' power to s, unless a CT measures it, and
// returns their state of charge in %, nothing without batteries. The error is that
// of a gateway that should have answered.
func addBatteries(ctx context.Context, session *envoy.Session, s *envoy.Sample) (soc *float64, err error) {
	e, err := session.Ensemble(ctx)
	if errors.Is(err, envoy.ErrUnsupported) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if _, measured := s.Meter(envoy.Storage); !measured && len(e.Batteries) > 0 {
		powers, err := session.BatteryPower(ctx)
		if err != nil && !errors.Is(err, envoy.ErrUnsupported) {
			return nil, err
		}
		if m, ok := session.Batteries(e.Batteries, powers, time.Now()).Storage(); ok {
			s.Meters = append(s.Meters, m)
		}
	}
	s.AddHouse(false) // without batteries it would repeat the consumption
	totals, err := session.BatteryTotals(ctx)
	if err != nil && !errors.Is(err, envoy.ErrUnsupported) {
		return nil, err
	}
	if percent, ok := totals.SoC.Get(); ok {
		return &percent, nil
	}
	return nil, nil
}

// learn stores what is known of the gateway now: its serial number, and what it
// measures. The consumers command uses it.
func (g *configuredGateway) learn(session *envoy.Session, s envoy.Sample, soc *float64) error {
	phases := 0
	m := state.Measured{}
	if net, ok := s.Meter(envoy.NetConsumption); ok {
		phases = max(1, len(net.Phases))
		_, m.Current = net.Total.Get(envoy.Current)
		_, m.Import = net.Total.Get(envoy.EnergyImport)
	}
	_, m.Batteries = s.Meter(envoy.Storage)
	m.Charge = soc != nil
	err := g.learnSerial(session)
	if err == nil && phases > 0 {
		err = errors.Join(g.seen.SetPhases(g.Section, phases), g.seen.SetMeasured(g.Section, m))
	}
	return err
}

// learnSerial stores the serial number of the gateway that answers under this
// section.
func (g *configuredGateway) learnSerial(session *envoy.Session) error {
	return g.seen.SetSerial(g.Section, session.Serial)
}
