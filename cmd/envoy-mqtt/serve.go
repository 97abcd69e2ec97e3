package main

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
)

// fileTimeout is how long a stop waits for files of the state folder.
const fileTimeout = 2 * time.Second

// serveUntilReload runs a bridge with the configuration rc until ctx ends, or until
// SIGHUP has brought another configuration, which it returns.
func (c *console) serveUntilReload(ctx context.Context, rc *runConfig, hup chan os.Signal) (next *runConfig, err error) {
	warn := func(err error) {
		if err != nil {
			rc.log.Warn().Err(err).Msg("state folder error")
		}
	}
	unlock := rc.prepareState(warn)
	defer unlock()
	worker := state.NewWorker()
	defer func() {
		if !worker.Close(fileTimeout) {
			rc.log.Warn().Msg("the state folder does not respond, the latest counters are not stored")
		}
	}()
	gateways := newGateways(rc.cfg, rc.stateDir)
	counters := state.NewCounterStore(rc.stateDir, worker)
	for _, g := range gateways {
		g.counters = counters
	}
	m := newMetrics(rc.cfg.HTTP, gateways)
	page := c.newPage(rc.cfg, gateways)
	b := newBridge(rc.cfg, rc.mqtt, gateways, rc.log)
	trackPublished(b, rc, gateways, worker, warn)
	if m != nil {
		b.Observers = append(b.Observers, m)
	}
	keepHistory := func(context.Context) {}
	if page != nil {
		kept := newHistory(rc.stateDir, page, rc.log)
		b.Observers = append(b.Observers, pageObserver{page, kept})
		keepHistory = func(ctx context.Context) { warn(kept.Run(ctx)) }
	}

	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	started := time.Now()
	health := func() monitor.Health { return rc.health(b.Snapshot(), started) }
	serveHealth := func(ctx context.Context) {
		if m == nil {
			monitor.WriteHealth(ctx, healthPath(rc.stateDir), health, rc.log)
		} else {
			m.State = b.Snapshot
			server := monitor.Server{Metrics: m.Handler(), Health: health, Log: rc.log}
			if page != nil {
				page.Actions = c.pageActions(gateways, hup)
				page.Info = func() web.Info { return pageInfo(rc.cfg, b.Snapshot(), gateways, started) }
				server.Page = page.Handler()
			}
			server.ListenAndServe(ctx, rc.cfg.HTTP.Listen)
		}
	}
	notifySystemd := func(ctx context.Context) {
		systemd := monitor.NewSystemd(rc.log)
		systemd.IsReload = isReload
		systemd.Watch(ctx, func() (bridge.State, monitor.Health) {
			state := b.Snapshot()
			return state, rc.health(state, started)
		})
	}
	watchReload := func(ctx context.Context) {
		c.watchReload(ctx, rc, hup, func(n *runConfig, cause error) { next = n; end(cause) })
	}
	reportWorking := func(ctx context.Context) { logWorking(ctx, b.Snapshot, rc.cfg.MQTT.Topic, rc.log) }
	err = serve(ctx, b, gateways, rc.log, serveHealth, notifySystemd, watchReload, reportWorking, keepHistory)
	for _, g := range gateways {
		g.client.CloseIdle()
	}
	return next, err
}

// prepareState logs the warnings of the configuration, checks and locks the state
// folder, and sets the client id. The caller calls unlock at the end.
func (rc *runConfig) prepareState(warn func(error)) (unlock func()) {
	for _, w := range rc.cfg.Warnings {
		rc.log.Warn().Str("reason", w).Msg("configuration warning")
	}
	for _, err := range state.FixTokenPermissions(rc.stateDir) {
		warn(err)
	}
	lock, err := state.Lock(rc.stateDir)
	warn(err)
	if rc.mqtt.ClientID == "" {
		rc.mqtt.ClientID, err = state.ClientID(rc.stateDir)
		warn(err)
	}
	return func() {
		if lock != nil {
			_ = lock.Close() // nothing was written
		}
	}
}

// serve runs the bridge, the renewal of tokens, and tasks until ctx ends. Tokens and
// tasks end with ctx; the bridge then still publishes its last messages.
func serve(ctx context.Context, b *bridge.Bridge, gateways []*configuredGateway, log zerolog.Logger, tasks ...func(context.Context)) error {
	g, tasksCtx := errgroup.WithContext(ctx) // ends with ctx, or if the bridge fails
	for _, gw := range gateways {
		gw.keepToken(log)
	}
	g.Go(func() error {
		<-tasksCtx.Done()
		var closed sync.WaitGroup
		for _, gw := range gateways {
			closed.Go(gw.tokens.Close)
		}
		closed.Wait()
		return nil
	})
	for _, task := range tasks {
		g.Go(func() error {
			task(tasksCtx)
			return nil
		})
	}
	g.Go(func() error { return b.Run(ctx) })
	return g.Wait()
}
