package command

import (
	"cmp"
	"crypto/rand"
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/limiter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// addLimits lets commands limit the power of the gateways with LIMIT. What an earlier
// run has left in a journal is ended without LIMIT, too.
func (s *service) addLimits(c *console, worker *state.Worker) {
	c.runID = cmp.Or(c.runID, rand.Text())
	journals := state.NewLimitStore(s.cfg.General.StateDir, worker)
	for i, g := range s.gateways {
		s.bridge.Gateways[i].Limit = limiter.Config{
			Enabled: g.Limit,
			Forever: g.LimitForever,
			Run:     c.runID,
			Journal: journals,
			Writer:  func(serial string) limiter.Writer { return g.LimitWriter(serial, gateway.LoginWait) },
		}
	}
	if s.cfg.General.Shard.IsSet() {
		return // other shards have the other gateways
	}
	for _, serial := range journals.Serials() {
		if !slices.ContainsFunc(s.gateways, func(g *gateway.Gateway) bool { return slices.Contains(gateway.KnownSerials(g.Gateway, g.Seen), serial) }) {
			s.log.Warn().Str("serial", serial).Msg("no section has the gateway whose power was limited, the limit stays")
		}
	}
}
