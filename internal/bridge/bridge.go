package bridge

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/connection"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

const (
	// shutdownTimeout limits the sending of the final messages. Afterwards the
	// connection is closed without DISCONNECT, and the broker publishes the Will.
	shutdownTimeout = 2 * time.Second
	// startDelay separates the first polls of the gateways, because each TLS
	// handshake takes memory.
	startDelay = 5 * time.Millisecond
	// defaultMinInterval separates two messages of a retained value.
	defaultMinInterval = 10 * time.Second
)

// A Bridge polls gateways and publishes their data.
type Bridge struct {
	Gateways []GatewayConfig
	Totals   []TotalConfig // of some of the gateways
	MQTT     mqtt.Config
	Topic    string // base topic; empty means "envoy"
	// DeviceID is the bridge's own identifier in Home Assistant, which its
	// entities keep while Topic changes; empty means [schema.Topics.BridgeID] of Topic.
	DeviceID      string
	HomeAssistant HomeAssistant
	// Previous is where previous runs published on this broker. What this run
	// does not renew there is removed.
	Previous []hass.Namespace
	// OnCleaned, if not nil, is called with each part of Previous that has been
	// removed.
	OnCleaned func(hass.Namespace)
	// Fleet, if not nil, means that other processes publish other gateways under Topic.
	Fleet     *Fleet
	Observers []Observer
	Version   string         // of the program; empty means "dev"
	Log       zerolog.Logger // the zero Logger is silent

	running atomic.Pointer[bridgeRun] // nil before Run
}

// HomeAssistant configures the discovery.
type HomeAssistant struct {
	Off  bool      // no discovery
	Form hass.Form // how devices are announced
	// MayMigrate means that a previous run may have announced them in the other
	// form, which this run replaces.
	MayMigrate bool
	Prefix     string        // of discovery topics; empty means "homeassistant"
	Interval   time.Duration // between two messages of a retained value; 0 means 10 s
}

// A bridgeRun is the parts of a running bridge.
type bridgeRun struct {
	shared      *publish.Shared
	broker      *connection.Broker
	coordinator *coordinator
	loops       []*loop
	totals      []*totalLoop
}

// Run polls and publishes until ctx ends. Then it publishes that everything is
// offline, unless the cause is [ErrHandover], and returns nil. It returns an
// error only if the configuration is wrong.
func (b *Bridge) Run(ctx context.Context) error {
	r := b.newRun()
	// The connection outlives ctx, so that the final messages can be sent.
	if err := r.broker.Connect(context.WithoutCancel(ctx), b.mqttConfig(r.shared.Topics)); err != nil {
		return err
	}
	b.running.Store(r)
	var running sync.WaitGroup
	running.Go(func() { r.coordinator.run(ctx) })
	for _, l := range r.loops {
		running.Go(func() { l.run(ctx) })
	}
	for _, t := range r.totals {
		running.Go(func() { t.run(ctx) })
	}
	running.Wait()
	r.broker.StopListening()
	if errors.Is(context.Cause(ctx), ErrHandover) {
		_ = r.broker.Close(ctx) // without DISCONNECT, because ctx has ended
		return nil
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	select {
	case <-r.shared.Outbox.Close(r.finalMessages()...):
	case <-stop.Done():
	}
	if err := r.broker.Close(stop); err != nil {
		b.Log.Warn().Err(err).Msg("broker disconnect failed")
	}
	return nil
}

// mqttConfig returns the configuration of the connection, whose Will publishes that
// the bridge is offline.
func (b *Bridge) mqttConfig(t schema.Topics) mqtt.Config {
	will := publish.BridgeState(t, schema.Offline)
	c := b.MQTT
	c.Will = mqtt.Message{Topic: will.Topic, Payload: will.Payload, Retain: true, QoS: 1}
	return c
}

// newRun returns the parts of a bridge, not running yet.
func (b *Bridge) newRun() *bridgeRun {
	shared := b.newShared()
	c := newCoordinator(shared, b.Log)
	r := &bridgeRun{shared: shared, coordinator: c}
	firstSample, receivesCommands := time.Now(), false
	for _, config := range b.Gateways {
		config = config.withDefaults()
		reporter := &reporter{snapshot: new(snapshot), observers: b.Observers, changed: c.events}
		l := newLoop(config, shared, reporter, b.Log.With().Str("gateway", config.Name).Logger(), firstSample)
		firstSample = firstSample.Add(startDelay)
		r.loops = append(r.loops, l)
		handle := loopHandle{snapshot: reporter.snapshot, events: l.events}
		if config.Limit.Enabled {
			handle.commands = l.limiter.Inbox
			receivesCommands = true
		}
		c.gateways = append(c.gateways, handle)
	}
	r.addTotals(b.Totals, b.Observers, b.Log)
	cleaner := c.newCleaner(b.Previous, b.OnCleaned)
	r.broker = &connection.Broker{
		Outbox: shared.Outbox,
		Inbox:  shared.Inbox,
		Topics: shared.Topics,
		Log:    b.Log,
		OnMessage: func(topic string, payload []byte, retained bool) {
			if retained {
				cleaner.Receive(topic, payload)
			}
			c.receive(topic, payload, retained)
		},
		OnFailure: func() { c.events.add(eventCounts) },
		Clean: func(ctx context.Context, client *mqtt.Client) error {
			if err := b.waitForFleet(ctx, cleaner); err != nil {
				return err
			}
			defer r.broker.HoldCommands()()
			return cleaner.Run(ctx, client)
		},
		AllIdentified: c.allIdentified,
		OnDocuments: func() {
			shared.Inbox.SetReady()
			c.events.add(eventDiscovery)
		},
	}
	if receivesCommands {
		r.broker.OnCommand = c.receiveCommand
	}
	c.brokerErrors = r.broker.Errors
	c.start()
	return r
}

// newShared returns what all publishers have in common.
func (b *Bridge) newShared() *publish.Shared {
	shared := &publish.Shared{
		Outbox:      outbox.New(),
		Topics:      schema.Topics{Base: cmp.Or(b.Topic, "envoy"), Prefix: cmp.Or(b.HomeAssistant.Prefix, "homeassistant"), DeviceID: b.DeviceID},
		Version:     cmp.Or(b.Version, "dev"),
		MinInterval: cmp.Or(b.HomeAssistant.Interval, defaultMinInterval),
	}
	for _, observer := range b.Observers {
		shared.Observers = append(shared.Observers, observer)
	}
	if b.Fleet != nil {
		shared.Topics.Shard = b.Fleet.Shard
	}
	shared.Bases = []string{shared.Topics.Base}
	for _, n := range b.Previous {
		shared.Bases = append(shared.Bases, n.Topic)
	}
	if !b.HomeAssistant.Off {
		shared.Inbox = hass.NewInbox(shared.Topics.Prefix, publish.ProgramName, shared.Bases...)
		shared.Inbox.IsForeign = b.isForeign(shared.Topics)
		shared.Inbox.Form, shared.Inbox.MayMigrate = b.HomeAssistant.Form, b.HomeAssistant.MayMigrate || b.HomeAssistant.Form != hass.ByDevice
	}
	return shared
}

// addTotals adds the totals, to which the loops of their gateways add samples.
func (r *bridgeRun) addTotals(configs []TotalConfig, observers []Observer, log zerolog.Logger) {
	for _, c := range configs {
		var parts []*loop
		staleAfter := time.Duration(0)
		for _, l := range r.loops {
			if slices.Contains(c.Gateways, l.config.Name) {
				parts = append(parts, l)
				staleAfter = max(staleAfter, l.config.StaleAfter)
			}
		}
		t := newTotalLoop(c, r.shared, observers, staleAfter, log.With().Str("total", c.Name).Logger())
		for _, l := range parts {
			l.reporter.totals = append(l.reporter.totals, t.inbox)
		}
		r.totals = append(r.totals, t)
		r.coordinator.totals = append(r.coordinator.totals, loopHandle{snapshot: &t.snapshot, events: t.events})
	}
}

// finalMessages returns the messages of a clean stop: the gateways, and last the
// bridge, are offline. The event loops must have ended.
func (r *bridgeRun) finalMessages() []outbox.Entry {
	var final []outbox.Entry
	for _, l := range r.loops {
		if l.publisher != nil {
			final = append(final, l.publisher.FinalMessages()...)
		}
	}
	for _, t := range r.totals {
		final = append(final, t.publisher.FinalMessages()...)
	}
	return append(final, publish.BridgeState(r.shared.Topics, schema.Offline))
}

// Handover returns what the gateways leave to the bridge that takes over, by serial
// number. It is called after Run, of which the cause was [ErrHandover].
func (b *Bridge) Handover() map[string]publish.Handover {
	states := map[string]publish.Handover{}
	for _, l := range b.running.Load().loops {
		if l.publisher != nil {
			states[l.publisher.Serial] = l.publisher.HandOver()
		}
	}
	return states
}

// Snapshot returns the state of the bridge. It may be called at any time.
func (b *Bridge) Snapshot() State {
	r := b.running.Load()
	if r == nil {
		return State{}
	}
	return State{
		Broker:       r.broker.IsConnected(),
		BrokerErrors: r.broker.Errors(),
		IsRejecting:  r.broker.IsRejecting(),
		Published:    r.broker.Sent(),
		Gateways:     r.coordinator.states(),
	}
}
