package command

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/limiter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
)

// serveUntilReload runs a bridge with the configuration rc until ctx ends, or until
// SIGHUP has brought another configuration, which it returns. If SIGHUP comes while
// another process holds the lock of a shard, the error is errReload.
func (c *console) serveUntilReload(ctx context.Context, rc *runConfig, hup chan os.Signal) (next *runConfig, err error) {
	unlock, err := rc.prepareState(ctx, hup)
	if err != nil && ctx.Err() != nil {
		return nil, nil //nolint:nilerr // stopped while another process held the lock
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	var s *service
	defer func() { s.unlockGateways() }() // after their files were written
	worker := state.NewWorker()
	defer func() {
		timeout := fileTimeout
		if rc.cfg.General.Shard.IsSet() {
			timeout = shardFileTimeout
		}
		if !worker.Close(timeout) {
			rc.log.Warn().Msg("the state folder does not respond, the latest counters are not stored")
		}
	}()
	s = c.newService(rc, worker, hup)
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	watchReload := func(ctx context.Context) {
		c.watchReload(ctx, rc, hup, func(n *runConfig, cause error) { next = n; end(cause) })
	}
	reportWorking := func(ctx context.Context) { logWorking(ctx, s.bridge.Snapshot, rc.cfg.MQTT.Topic, rc.log) }
	err = serve(ctx, s.bridge, s.gateways, rc.log, s.serveHealth, s.serveIngress, s.notifySystemd, s.keepHistory, watchReload, reportWorking)
	for _, g := range s.gateways {
		g.Client.CloseIdle()
	}
	if err == nil && errors.Is(context.Cause(ctx), bridge.ErrHandover) {
		next.handover = s.bridge.Handover()
	}
	return next, err
}

// newService returns the service of rc. worker writes its files; hup receives the
// page's requests to read the configuration again.
func (c *console) newService(rc *runConfig, worker *state.Worker, hup chan<- os.Signal) *service {
	s := &service{runConfig: rc, gateways: gateway.New(rc.cfg), started: time.Now()}
	s.bridge = newBridge(rc, s.gateways)
	counters := state.NewCounterStore(rc.cfg.General.StateDir, worker)
	for i := range s.bridge.Gateways {
		s.bridge.Gateways[i].Counters = counters
	}
	s.addLimits(c, worker)
	for i := range s.bridge.Totals {
		s.bridge.Totals[i].Counters = counters
	}
	trackPublished(s.bridge, rc, s.gateways, worker)
	s.joinFleet()
	s.observe(c, rc.cfg.General.StateDir)
	if s.page != nil {
		s.page.Actions = pageActions(s.gateways, c.loadRunConfig, hup)
	}
	return s
}

// observe adds metrics and page to the bridge, if they are on. The page's history is
// in the folder dir, or only in memory if that is empty.
func (s *service) observe(c *console, dir string) {
	if s.metrics = newMetrics(s.runConfig, s.gateways); s.metrics != nil {
		s.metrics.State = s.bridge.Snapshot
		s.bridge.Observers = append(s.bridge.Observers, s.metrics)
	}
	if s.page = newPage(s.runConfig, s.gateways, &c.problems); s.page != nil {
		s.page.Info = func() web.Info { return pageInfo(s.cfg, s.bridge.Snapshot(), s.gateways, s.started) }
		s.handler = sync.OnceValue(s.page.Handler)
		s.history = &history.Store{Dir: dir, Log: s.log}
		s.page.History = s.history
		if s.locks == nil { // otherwise each gateway's is read when it is locked
			s.history.Load()
		}
		s.bridge.Observers = append(s.bridge.Observers, s.page, historyObserver{history: s.history})
	}
}

// serve runs the bridge, the renewal of tokens, and tasks until ctx ends. Tokens and
// tasks end with ctx; the bridge then still publishes its last messages.
func serve(ctx context.Context, b *bridge.Bridge, gateways []*gateway.Gateway, log zerolog.Logger, tasks ...func(context.Context)) error {
	g, tasksCtx := errgroup.WithContext(ctx) // ends with ctx, or if the bridge fails
	for _, gw := range gateways {
		gw.KeepTokens(log)
	}
	g.Go(func() error {
		<-tasksCtx.Done()
		var closed sync.WaitGroup
		for _, gw := range gateways {
			closed.Go(gw.Tokens.Close)
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
	err := g.Wait()
	for _, gw := range gateways {
		gw.InstallerTokens.Close() // not before: a stop may restore what was before a limit
	}
	return err
}

// workingInterval is the time between two looks whether everything works.
const workingInterval = time.Second

// logWorking logs once that everything works and where it is published: as soon as
// the broker is connected, rejects nothing and has got a sample of every gateway. base is the first
// levels of the topics.
func logWorking(ctx context.Context, state func() bridge.State, base string, log zerolog.Logger) {
	tick := time.NewTicker(workingInterval)
	defer tick.Stop()
	for {
		if s := state(); isWorking(s) {
			log.Info().Int("gateways", len(s.Gateways)).Str("topic", liveTopic(s, base)).Msg("everything works, publishing")
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// isWorking reports whether everything of all gateways is published.
func isWorking(s bridge.State) bool {
	for _, g := range s.Gateways {
		if !g.Online || g.Polled.IsZero() || g.Err != nil { // a bridge before may have published "online"
			return false
		}
	}
	return s.Broker && !s.IsRejecting && len(s.Gateways) > 0 && s.Published >= int64(len(s.Gateways))
}

// liveTopic returns the topic of the samples, with a wildcard for several gateways.
func liveTopic(s bridge.State, base string) string {
	if len(s.Gateways) == 1 {
		return base + "/" + s.Gateways[0].Serial + "/live"
	}
	return base + "/+/live"
}

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
			Writer:  func(serial string) *powerlimit.Writer { return g.LimitWriter(serial, gateway.LoginTimeout) },
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
