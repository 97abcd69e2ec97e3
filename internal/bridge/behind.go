package bridge

import (
	"context"
	"errors"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// behind is what a gateway last told of the things behind it.
type behind struct {
	inverters inverters
	batteries batteries
	configs   []envoy.MeterConfig
}

// deviceTasks are what a gateway is asked about the devices behind it.
func (g *gateway) deviceTasks() agenda {
	ensemble := &task{name: "batteries", every: batteriesEvery, path: "/ivp/ensemble/inventory"}
	ensemble.ask = func(ctx context.Context, s *envoy.Session) error { return g.readEnsemble(ctx, s, ensemble) }
	totals := &task{name: "battery totals", every: batteriesEvery, path: "/ivp/ensemble/secctrl"}
	totals.ask = func(ctx context.Context, s *envoy.Session) error { return g.readBatteryTotals(ctx, s, totals) }
	return agenda{
		ensemble,
		totals, // they may know of AC Batteries, without which the power is not that of all
		{name: "battery power", every: batteriesEvery, path: "/ivp/ensemble/power", ask: g.readBatteryPower},
		{name: "inverters", every: invertersEvery, path: "/api/v1/production/inverters", ask: g.readInverters},
		{name: "inverter details", every: invertersEvery, path: "/ivp/pdm/device_data", ask: g.readDetails},
	}
}

// notHere makes of what a gateway does not tell no error: a session that was
// told so three times does not ask any more.
func notHere(err error) error {
	if errors.Is(err, envoy.ErrUnsupported) {
		return nil
	}
	return err
}
