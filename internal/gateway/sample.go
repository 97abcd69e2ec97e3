package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
)

// Sample reads a sample, and another if the first is implausible.
func Sample(ctx context.Context, session *envoy.Session) (envoy.Sample, error) {
	s, err := session.Sample(ctx)
	if _, skipped := errors.AsType[*envoy.SkippedError](err); skipped {
		s, err = session.Sample(ctx)
	}
	return s, err
}

// AddBatteries adds the batteries' power to s, unless a CT measures it, and
// returns their state of charge in %, nothing without batteries. The error is that
// of a gateway that should have answered.
func AddBatteries(ctx context.Context, session *envoy.Session, s *envoy.Sample) (soc *float64, err error) {
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
	if _, skipped := errors.AsType[*envoy.SkippedError](err); skipped {
		return nil
	}
	return err
}
