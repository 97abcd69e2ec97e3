package bridge

import (
	"context"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// The usual pace of readings: every gateway bears the meters' being read once
// a second, and /production.json every five.
const (
	fastPace = time.Second
	slowPace = 5 * time.Second
)

// pace is how often the gateway is polled. Until the source is known, it is
// the faster of the two.
func (g *gateway) pace() time.Duration {
	if g.feed.Interval > 0 {
		return g.feed.Interval
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.source == envoy.FromProduction.String() {
		return slowPace
	}
	return fastPace
}

// noteSource says where samples come from, when that is new.
func (g *gateway) noteSource() {
	source, why, ok := g.session.Source()
	if !ok {
		return
	}
	g.mu.Lock()
	old := g.source
	g.source = source.String()
	g.mu.Unlock()
	if old == source.String() {
		return
	}
	if why != "" {
		g.log.Warn().Str("why", why).Msg("samples come from production.json alone")
	} else {
		g.log.Info().Str("source", source.String()).Msg("samples come from here")
	}
	g.house.describe()
}

// checkMeters reads how the CTs are set up.
func (g *gateway) checkMeters(ctx context.Context, s *envoy.Session) error {
	configs, err := s.CheckMeters(ctx)
	if err == nil {
		g.keepConfigs(configs)
	}
	return notHere(err)
}

// noteFrozen logs which CTs are left out because they repeat a reading.
func (g *gateway) noteFrozen(cts []envoy.Measurement) {
	if slices.Equal(cts, g.frozenCTs) {
		return
	}
	if g.frozenCTs = cts; len(cts) == 0 {
		g.log.Info().Msg("all CTs have new readings")
		return
	}
	names := make([]string, len(cts))
	for i, m := range cts {
		names[i] = m.String()
	}
	g.log.Warn().Strs("cts", names).Msg("frozen CTs are left out")
}
