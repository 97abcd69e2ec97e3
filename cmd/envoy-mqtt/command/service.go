package command

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
)

// A service is a bridge with what reports about it.
type service struct {
	*runConfig
	gateways []*gateway.Gateway
	bridge   *bridge.Bridge
	metrics  *monitor.Metrics    // nil if HTTP is off
	page     *web.Server         // nil if it is off
	handler  func() http.Handler // of the page
	history  *history.Store      // of the page
	locks    []*state.GatewayLock
	started  time.Time
}

// health returns the health of the bridge in a state.
func (s *service) health(state bridge.State) monitor.Health {
	limit := func(section string) time.Duration {
		i := slices.IndexFunc(s.cfg.Gateways, func(g config.Gateway) bool { return g.Section == section })
		return stuckAfter(s.cfg.Gateways[i])
	}
	return monitor.NewHealth(state, limit, s.started, time.Now())
}

func (s *service) currentHealth() monitor.Health { return s.health(s.bridge.Snapshot()) }

// serveHealth serves metrics, health and page, or writes the health to a file if HTTP
// is off.
func (s *service) serveHealth(ctx context.Context) {
	if s.metrics == nil {
		monitor.WriteHealth(ctx, healthPath(s.cfg.OwnDir()), s.currentHealth, s.log)
		return
	}
	s.server().ListenAndServe(ctx, s.cfg.HTTP.Listen)
}

// server returns the server of metrics, health and page.
func (s *service) server() *monitor.Server {
	server := &monitor.Server{Metrics: s.metrics.Handler(), Health: s.currentHealth, Log: s.log}
	if s.page != nil {
		server.Page = s.handler()
	}
	return server
}

func (s *service) notifySystemd(ctx context.Context) {
	systemd := monitor.NewSystemd(s.log)
	systemd.IsReload = isReload
	systemd.Watch(ctx, func() (bridge.State, monitor.Health) {
		state := s.bridge.Snapshot()
		return state, s.health(state)
	})
}

func (s *service) keepHistory(ctx context.Context) {
	if s.history != nil {
		s.warn(s.history.Run(ctx))
	}
}

// stuckAfter returns for how long the poll of a gateway may take: every response
// at its timeout, a login, and the pause before the next poll.
func stuckAfter(g config.Gateway) time.Duration { return 10*time.Minute + 2*g.Interval + 10*g.Timeout }
