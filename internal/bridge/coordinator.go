package bridge

import (
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A coordinator publishes the topics of the bridge itself, answers Home
// Assistant's birth messages, and forwards events to the event loops. Only the
// goroutine of run uses it, except for its events, receive and states.
type coordinator struct {
	shared        *shared
	log           zerolog.Logger
	events        *events
	gateways      []loopHandle
	totals        []loopHandle
	brokerErrors  func() int64
	allIdentified chan struct{} // closed when the serial number of every gateway is known
	device        *hass.Device  // nil without discovery
	migration     migrationTimer
	started       time.Time
}

// A loopHandle is what other goroutines may use of an event loop.
type loopHandle struct {
	reporter *reporter
	events   *events
}

// loops returns the event loops of the gateways and of the totals.
func (c *coordinator) loops() []loopHandle { return slices.Concat(c.gateways, c.totals) }

func newCoordinator(s *shared, log zerolog.Logger) *coordinator {
	e := newEvents()
	return &coordinator{shared: s, log: log, events: e, migration: migrationTimer{events: e}, allIdentified: make(chan struct{}), device: s.newBridgeDevice(), started: time.Now().UTC()}
}

// states returns a snapshot of each gateway. Any goroutine may call it.
func (c *coordinator) states() []GatewayState {
	states := make([]GatewayState, len(c.gateways))
	for i, g := range c.gateways {
		states[i] = *g.reporter.latest.Load()
	}
	return states
}

// receive handles one message of the broker. It does not block. Any goroutine
// may call it.
func (c *coordinator) receive(topic string, payload []byte, retained bool) {
	switch {
	case topic == c.shared.topics.BridgeState():
		if string(payload) != schema.Online { // an old Will, or another bridge has removed it
			c.events.add(eventBridgeState)
		}
	case slices.Contains(c.shared.topics.Births(), topic):
		if string(payload) == schema.Online {
			c.events.add(eventBirth)
		}
	case c.shared.isDiscovery(topic) && c.shared.inbox.Put(topic, payload, retained):
		c.events.add(eventDiscovery)
	}
}

// run handles events until ctx ends.
func (c *coordinator) run(ctx context.Context) {
	var births hass.BirthDebouncer
	answer := time.NewTimer(0)
	defer answer.Stop()
	answer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.events.notify:
			pending := c.events.take()
			if pending.has(eventBirth) {
				answer.Reset(births.Add(time.Now()))
			}
			c.handle(pending)
		case <-answer.C:
			births.Reset()
			c.log.Info().Msg("Home Assistant started")
			c.shared.outbox.RequeueAll()
			c.forward(eventBirthAnswered)
		}
	}
}

// handle handles all events but birth messages.
func (c *coordinator) handle(pending event) {
	if pending.has(eventDiscovery) {
		c.forward(eventDiscovery)
	}
	if pending.has(eventMigration) {
		c.migration.stopped()
	}
	if pending.has(eventDiscovery | eventMigration) {
		c.continueMigration()
	}
	if pending.has(eventGatewayChanged) {
		c.checkIdentified()
		c.publishInfo()
	}
	if pending.has(eventCounts) {
		c.publishCounts()
	}
	if pending.has(eventBridgeState) {
		c.shared.outbox.Set(bridgeStateEntry(c.shared.topics, schema.Online))
	}
}

// continueMigration continues the migration of the bridge's own device.
func (c *coordinator) continueMigration() {
	if c.device == nil {
		return
	}
	c.device.Continue(time.Now())
	c.migration.schedule(c.device.IsMigrating())
}

// forward adds e to the events of all event loops.
func (c *coordinator) forward(e event) {
	for _, l := range c.loops() {
		l.events.add(e)
	}
}

// checkIdentified closes allIdentified if the serial number of every gateway is
// known.
func (c *coordinator) checkIdentified() {
	isUnknown := func(s GatewayState) bool { return s.Serial == "" }
	if !isClosed(c.allIdentified) && !slices.ContainsFunc(c.states(), isUnknown) {
		close(c.allIdentified)
	}
}

// newCleaner returns a cleaner of what previous runs have published.
func (c *coordinator) newCleaner(previous []hass.Namespace, onCleaned func(hass.Namespace)) *hass.Cleaner {
	current := hass.Namespace{Topic: c.shared.topics.Base}
	if c.shared.inbox != nil {
		current.Prefix = c.shared.topics.Prefix
	}
	return &hass.Cleaner{
		Outbox:        c.shared.outbox,
		Inbox:         c.shared.inbox,
		Previous:      slices.Clone(previous),
		Current:       current,
		Origin:        originName,
		BridgeID:      c.shared.topics.BridgeID(),
		GatewayID:     c.shared.topics.GatewayID,
		TopicsOf:      func(base, prefix string) hass.Topics { return schema.Topics{Base: base, Prefix: prefix} },
		IsPublished:   c.isPublished,
		ActiveSerials: c.activeSerials,
		IsComplete:    c.isComplete,
		OnRemoved: func(n hass.Namespace, topics int) {
			c.log.Info().Str("topic", n.Topic).Str("prefix", n.Prefix).Strs("gateways", n.Serials).Int("cleared", topics).Msg("old topics cleared")
		},
		OnCleaned: onCleaned,
	}
}

// activeSerials returns the known serial numbers. Any goroutine may call it.
func (c *coordinator) activeSerials() (serials []string) {
	for _, l := range c.loops() {
		if serial := l.reporter.latest.Load().Serial; serial != "" {
			serials = append(serials, serial)
		}
	}
	return serials
}

// isPublished reports whether the broker has acknowledged the documents of a gateway,
// or of the bridge, whose serial is "". Any goroutine may call it.
func (c *coordinator) isPublished(serial string) bool {
	if serial == "" {
		return c.device != nil && c.device.IsPublished()
	}
	for _, l := range c.loops() {
		if l.reporter.latest.Load().Serial == serial {
			d := l.reporter.discovery.Load()
			return d != nil && d.IsPublished()
		}
	}
	return false
}

// isComplete reports whether every entity that a previous run has published for a
// gateway was published again or removed. Any goroutine may call it.
func (c *coordinator) isComplete(serial string) bool {
	for _, l := range c.loops() {
		if l.reporter.latest.Load().Serial == serial && !l.reporter.isComplete() {
			return false
		}
	}
	return true
}
