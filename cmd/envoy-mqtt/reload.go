package main

import (
	"context"
	"errors"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A setup is a configuration and what it comes to.
type setup struct {
	cfg   config.Config
	mqtt  bridge.MQTT
	state string // the folder
	log   zerolog.Logger
}

// setUp reads the configuration.
func (c *console) setUp() (*setup, error) {
	cfg, err := config.Load(c.sources())
	if err != nil {
		return nil, err
	}
	mqtt, err := brokerOf(cfg.MQTT)
	if err != nil {
		return nil, err
	}
	return &setup{cfg, mqtt, cfg.StateDir(c.environ), c.newLogger(cfg.General.LogLevel, cfg.General.LogFormat)}, nil
}

// health returns the health of a bridge with this configuration.
func (s *setup) health(state bridge.State, started time.Time) monitor.Health {
	limit := func(name string) time.Duration {
		i := slices.IndexFunc(s.cfg.Gateways, func(g config.Gateway) bool { return g.Section == name })
		return stuckAfter(s.cfg.Gateways[i])
	}
	return monitor.NewHealth(state, limit, started, time.Now())
}

// errReload is the cause of a context that ends because another configuration
// is to be served. Where the broker and the topics stay the same it is
// [bridge.ErrHandover].
var errReload = errors.New("another configuration")

func isReload(err error) bool { return errors.Is(err, errReload) || errors.Is(err, bridge.ErrHandover) }

// reload waits for SIGHUP and reads the configuration again. One that is wrong
// is refused, and the present one goes on; another is handed to end.
func (c *console) reload(ctx context.Context, now *setup, hup <-chan os.Signal, end func(*setup, error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
		}
		slow := time.AfterFunc(5*time.Second, func() {
			now.log.Warn().Msg("configuration is still being read, the old one goes on; a file may be on a share that does not answer")
		})
		next, err := callCtx(ctx, c.setUp)
		slow.Stop()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			now.log.Error().Err(err).Msg("configuration refused, the old one goes on")
			continue
		}
		if next.cfg.MQTT.ClientID == "" && next.state == now.state {
			next.mqtt.ClientID = now.mqtt.ClientID // the same, also where it could not be kept
		}
		cause := errReload
		if reflect.DeepEqual(next.cfg.MQTT, now.cfg.MQTT) && next.mqtt.ClientID == now.mqtt.ClientID {
			cause = bridge.ErrHandover
		}
		next.log.Info().Str("config", next.cfg.File).Int("gateways", len(next.cfg.Gateways)).Msg("configuration read again")
		end(next, cause)
		return
	}
}

// serveUntil serves s until ctx ends, or until there is another configuration
// to serve, which it returns.
func (c *console) serveUntil(ctx context.Context, s *setup, hup <-chan os.Signal) (next *setup, err error) {
	for _, w := range s.cfg.Warnings {
		s.log.Warn().Msg(w)
	}
	warn := func(err error) {
		if err != nil {
			s.log.Warn().Err(err).Msg("state folder")
		}
	}
	for _, err := range state.FixTokenPermissions(s.state) {
		warn(err)
	}
	lock, err := state.Lock(s.state)
	warn(err)
	if lock != nil {
		defer lock.Close()
	}
	if s.mqtt.ClientID == "" {
		s.mqtt.ClientID, err = state.ClientID(s.state)
		warn(err)
	}
	ns := newNeighbours(s.cfg, s.state)
	m := newMetrics(s.cfg.HTTP, ns)
	b := newBridge(s.cfg, s.mqtt, ns, s.log)
	remember(b, s, ns, warn)

	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	started := time.Now()
	health := func() monitor.Health { return s.health(b.State(), started) }
	serveHealth := func(ctx context.Context, b *bridge.Bridge) error {
		if m == nil {
			monitor.WriteHealth(ctx, healthPath(s.state), health, s.log)
		} else {
			m.State = b.State
			monitor.Serve(ctx, s.cfg.HTTP.Listen, m.Handler(), health, s.log)
		}
		return nil
	}
	notifySystemd := func(ctx context.Context, b *bridge.Bridge) error {
		systemd := monitor.NewSystemd(s.log)
		systemd.IsReload = isReload
		systemd.Watch(ctx, func() (bridge.State, monitor.Health) {
			state := b.State()
			return state, s.health(state, started)
		})
		return nil
	}
	watchReload := func(ctx context.Context, _ *bridge.Bridge) error {
		c.reload(ctx, s, hup, func(n *setup, cause error) { next = n; end(cause) })
		return nil
	}
	err = serve(ctx, b, ns, s.log, serveHealth, notifySystemd, watchReload)
	for _, n := range ns {
		n.client.CloseIdle()
	}
	return next, err
}

// remember tells b where earlier runs published, and keeps that up to date.
func remember(b *bridge.Bridge, s *setup, ns []*neighbour, warn func(error)) {
	topic, prefix := s.cfg.MQTT.Topic, ""
	if s.cfg.HomeAssistant.Discovery {
		prefix = s.cfg.HomeAssistant.Prefix
	}
	broker := "home assistant's" // the Supervisor knows where it is
	if s.mqtt.URL != nil {
		broker = s.mqtt.URL.Host
	}
	published := state.NewPublishedStore(s.state, broker)
	var once sync.Once
	warnOnce := func(err error) {
		if err != nil {
			once.Do(func() { warn(err) })
		}
	}
	var err error
	b.DeviceID, err = published.BridgeID(topic, bridge.DeviceID)
	warnOnce(err)
	for _, p := range published.Topics() {
		for _, n := range ns {
			if p.Topic == topic && p.Prefix == prefix { // what a replaced gateway has left stays until a person removes it
				p.Serials = slices.DeleteFunc(p.Serials, func(sn string) bool { return slices.Contains(n.seen.Serials(n.Section), sn) })
			}
		}
		b.Earlier = append(b.Earlier, bridge.Place(p))
	}
	b.Cleared = func(gone bridge.Place) { warnOnce(published.Remove(state.PublishedTopics(gone), topic, prefix)) }
	warnOnce(published.Add(topic, prefix))
	for i, n := range ns {
		found := b.Feeds[i].Found
		b.Feeds[i].Found = func(serial string) {
			found(serial)
			warnOnce(published.Add(topic, prefix, serial))
		}
		warnOnce(published.Add(topic, prefix, n.knownSerial()))
	}
}
