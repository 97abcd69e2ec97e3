package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// behind is what a gateway last told of the things behind it.
type behind struct {
	inverters    inverters
	batteries    batteries
	configs      []envoy.MeterConfig
	plausibility plausibility
	counters     map[string]counted // of the inverters, by serial number
}

// believe returns the counter of the inverter with a serial number unless it
// fell, until three answers agree.
func (g *gateway) believe(serial string, v envoy.Told[float64]) envoy.Told[float64] {
	count, ok := v.Get()
	if !ok {
		return v
	}
	if g.counters == nil {
		g.counters = map[string]counted{}
	}
	next, ok := g.counters[serial].take(count, 0, time.Now())
	if g.counters[serial] = next; !ok {
		return envoy.Told[float64]{}
	}
	return envoy.Tell(next.Value)
}

// deviceTasks are what a gateway is asked about the devices behind it.
func (g *gateway) deviceTasks() agenda {
	ensemble := &task{name: "batteries", every: batteriesEvery}
	ensemble.ask = func(ctx context.Context, s *envoy.Session) error { return g.readEnsemble(ctx, s, ensemble) }
	totals := &task{name: "battery totals", every: batteriesEvery}
	totals.ask = func(ctx context.Context, s *envoy.Session) error { return g.readBatteryTotals(ctx, s, totals) }
	return agenda{
		ensemble,
		{name: "battery power", every: batteriesEvery, ask: g.readBatteryPower},
		totals,
		{name: "inverters", every: invertersEvery, ask: g.readInverters},
		{name: "inverter details", every: invertersEvery, ask: g.readDetails},
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
