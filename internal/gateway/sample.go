package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// repeatTimeout is how long [Sample] repeats a reading that is skipped or old.
const repeatTimeout = 5 * time.Second

// minRepeats is how often it does so at least, however slow the gateway is: a session
// accepts the third response at the latest if they agree.
const minRepeats = 2

// Sample reads a sample, and others if the first is implausible. A first reading that is
// old may be that of a gateway whose clock is wrong: then its time advances, as that of
// live data does, every second.
func Sample(ctx context.Context, session *envoy.Session) (envoy.Sample, error) {
	s, err := session.Sample(ctx)
	end := time.Now().Add(repeatTimeout)
	for n := 0; envoy.FailureOf(err) == envoy.FailureSkipped && (n < minRepeats || time.Now().Before(end)) && ctx.Err() == nil; n++ {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		s, err = session.Sample(ctx)
	}
	return s, err
}

// AddBatteries adds the batteries' power to s, unless a CT measures it, and
// returns their state of charge in %, nothing without batteries. The error is that
// of a gateway that should have answered.
func AddBatteries(ctx context.Context, session *envoy.Session, s *envoy.Sample) (soc *float64, err error) {
	e, err := session.Ensemble(ctx)
	if err != nil && !errors.Is(err, envoy.ErrUnsupported) {
		return nil, err
	}
	if _, measured := s.Meter(envoy.Storage); !measured && len(e.Batteries) > 0 {
		powers, err := session.BatteryPower(ctx)
		if err != nil && !errors.Is(err, envoy.ErrUnsupported) {
			return nil, err
		}
		if m, ok := envoy.StorageOf(session.Batteries(e.Batteries, powers, time.Now())); ok {
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

// limitTimeout limits the reading of settings that a fast process of the gateway
// keeps.
const limitTimeout = 10 * time.Second

// Notes returns what a person should know about a sample: why there is no power of
// production or no net consumption, and which settings of the gateway explain low power.
// Most gateways have no such settings, or do not show them to an owner: errors are
// ignored.
func Notes(ctx context.Context, s *envoy.Session, sample envoy.Sample) (notes []string) {
	if pv, ok := sample.Meter(envoy.Production); ok {
		if _, ok := pv.Total.Get(envoy.Power); !ok {
			notes = append(notes, "No power of production: the inverters have not reported for a while, as at night.")
		}
	}
	if sample.NoGrid != nil {
		notes = append(notes, fmt.Sprintf("No net consumption: %v", sample.NoGrid))
	}
	ctx, cancel := context.WithTimeout(ctx, limitTimeout)
	defer cancel()
	if p, err := powerlimit.Read(ctx, s); err == nil && p.Active {
		what := "production"
		if p.Export {
			what = "export"
		}
		notes = append(notes, fmt.Sprintf("A power limit is active on the gateway: %s is limited to %.0f W, which explains low power.", what, p.Power))
	}
	if off, err := powerlimit.ReadSwitch(ctx, s); err == nil && off {
		notes = append(notes, "Production is switched off on the gateway, which explains low power.")
	}
	return notes
}

// TryAccess reads a sample with the token of tokens, or with the gateway's own
// user if its firmware needs no token. A sample that is discarded is no error.
func TryAccess(ctx context.Context, g config.Gateway, serial string, tokens auth.TokenSource) error {
	client := NewClient(g, tokens)
	client.Serial = serial
	defer client.CloseIdle()
	session, err := client.Open(ctx)
	if err == nil {
		_, err = session.Sample(ctx)
	}
	if envoy.IsSkipped(err) {
		return nil
	}
	return err
}

// Open opens a session, for a person who waits: if nothing responds at the configured
// address, the error asks whether it is right.
func (g *Gateway) Open(ctx context.Context) (*envoy.Session, error) {
	session, err := g.Client.Open(ctx)
	if g.Host != locate.Auto && isUnreachable(err) {
		err = fmt.Errorf("%w; is HOST = %s right, and the gateway on?", err, g.Host)
	}
	return session, err
}

// isUnreachable reports whether err is of the network, and says itself neither what
// is wrong nor what to do.
func isUnreachable(err error) bool {
	_, pin := errors.AsType[*envoy.PinError](err)
	_, untrusted := errors.AsType[*envoy.UntrustedError](err)
	if err == nil || pin || untrusted || errors.Is(err, envoy.ErrNotFound) || errors.Is(err, envoy.ErrNotGateway) {
		return false
	}
	switch envoy.FailureOf(err) {
	case envoy.FailureTimeout, envoy.FailureConnection, envoy.FailureTLS:
		return true
	}
	return false
}

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
