package bridge

import (
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/limiter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A coordinator publishes the topics of the bridge itself, answers Home
// Assistant's birth messages, and forwards events to the event loops. Only the
// goroutine of run uses it, except for its events, receive and states.
type coordinator struct {
	shared        *publish.Shared
	publisher     *publish.BridgePublisher
	log           zerolog.Logger
	events        *events
	gateways      []loopHandle
	totals        []loopHandle
	brokerErrors  func() int64
	isIdentified  bool          // allIdentified is closed
	allIdentified chan struct{} // closed when the serial number of every gateway is known
}

// A loopHandle is what other goroutines may use of an event loop.
type loopHandle struct {
	*snapshot
	events   *events
	commands *limiter.Inbox // nil unless commands are received
}

// loops returns the event loops of the gateways and of the totals.
func (c *coordinator) loops() []loopHandle { return slices.Concat(c.gateways, c.totals) }

func newCoordinator(shared *publish.Shared, log zerolog.Logger) *coordinator {
	return &coordinator{shared: shared, publisher: publish.NewBridgePublisher(shared, log), log: log, events: newEvents(), allIdentified: make(chan struct{})}
}

// start publishes the topics of the bridge for the first time.
func (c *coordinator) start() {
	c.checkIdentified()
	c.publisher.Start(c.gatewayInfo())
	c.publishCounts()
	c.publisher.SetOnline()
}

// states returns a snapshot of each gateway. Any goroutine may call it.
func (c *coordinator) states() []GatewayState {
	states := make([]GatewayState, len(c.gateways))
	for i, g := range c.gateways {
		states[i] = *g.state.Load()
	}
	return states
}

// receive handles one message of the broker. It does not block. Any goroutine
// may call it.
func (c *coordinator) receive(topic string, payload []byte, retained bool) {
	switch {
	case topic == c.shared.Topics.BridgeState():
		if string(payload) != schema.Online { // an old Will, or another bridge has removed it
			c.events.add(eventBridgeState)
		}
	case slices.Contains(c.shared.Topics.Births(), topic):
		if string(payload) == schema.Online {
			c.events.add(eventBirth)
		}
	case c.shared.Inbox != nil && c.shared.Inbox.IsDocument(topic) && c.shared.Inbox.Put(topic, payload, retained):
		c.events.add(eventDiscovery)
	}
}

// receiveCommand handles a message to limit/set. It does not block. Any goroutine may
// call it.
func (c *coordinator) receiveCommand(serial string, payload []byte, retained, isEarly bool) {
	for _, l := range c.gateways {
		if known := l.state.Load().Serial; l.commands != nil && (known == serial || known == "") {
			l.commands.Put(serial, limit.Message{Payload: payload, Retained: retained, IsEarly: isEarly})
		}
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
		case <-c.publisher.Discovery.ScheduleStep():
			c.publisher.Discovery.TakeStep()
		case <-answer.C:
			births.Reset()
			c.log.Info().Msg("Home Assistant started")
			c.shared.Outbox.RequeueAll()
			c.forward(eventBirthAnswered)
			c.publisher.Discovery.AnswerBirth()
		}
	}
}

// handle handles all events but birth messages.
func (c *coordinator) handle(pending event) {
	if pending.has(eventDiscovery) {
		c.forward(eventDiscovery)
	}
	pending.deliver(c.publisher.Discovery)
	if pending.has(eventDiscovery) {
		c.publisher.Discovery.TakeStep() // before the gateways, whose documents refer to the bridge
	}
	if pending.has(eventGatewayChanged) {
		c.checkIdentified()
		c.publisher.SetInfo(c.gatewayInfo())
	}
	if pending.has(eventCounts) {
		c.publishCounts()
	}
	if pending.has(eventBridgeState) {
		c.publisher.SetOnline()
	}
}

// publishCounts publishes the counts of gateways and errors.
func (c *coordinator) publishCounts() {
	online, errors := 0, int64(0)
	for _, s := range c.states() {
		errors += s.Failures
		if s.Online {
			online++
		}
	}
	c.publisher.SetCounts(online, errors, c.brokerErrors())
}

// gatewayInfo returns the present states for the bridge's info document.
func (c *coordinator) gatewayInfo() []publish.GatewayInfo {
	infos := make([]publish.GatewayInfo, len(c.gateways))
	for i, s := range c.states() {
		infos[i] = publish.GatewayInfo{Name: s.Name, Serial: s.Serial, Interval: s.Interval.Seconds(), StaleAfter: s.StaleAfter.Seconds()}
	}
	return infos
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
	if !c.isIdentified && !slices.ContainsFunc(c.states(), isUnknown) {
		c.isIdentified = true
		close(c.allIdentified)
	}
}

// newCleaner returns a cleaner of what previous runs have published.
func (c *coordinator) newCleaner(previous []hass.Namespace, onCleaned func(hass.Namespace)) *hass.Cleaner {
	current := hass.Namespace{Topic: c.shared.Topics.Base}
	if c.shared.Inbox != nil {
		current.Prefix = c.shared.Topics.Prefix
	}
	return &hass.Cleaner{
		Outbox:        c.shared.Outbox,
		Inbox:         c.shared.Inbox,
		Previous:      slices.Clone(previous),
		Current:       current,
		Topics:        c.shared.Topics,
		TopicsOf:      func(base string) hass.Topics { return schema.Topics{Base: base, Shard: c.shared.Topics.Shard} },
		Origin:        publish.ProgramName,
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
		if serial := l.state.Load().Serial; serial != "" {
			serials = append(serials, serial)
		}
	}
	return serials
}

// isPublished reports whether the broker has acknowledged the documents of a gateway,
// or of the bridge, whose serial is "". Any goroutine may call it.
func (c *coordinator) isPublished(serial string) bool {
	if serial == "" {
		return c.publisher.Discovery.IsPublished()
	}
	for _, l := range c.loops() {
		if l.state.Load().Serial == serial {
			return l.discovery.Load().IsPublished()
		}
	}
	return false
}

// isComplete reports whether every entity that a previous run has published for a
// gateway was published again or removed. Any goroutine may call it.
func (c *coordinator) isComplete(serial string) bool {
	for _, l := range c.loops() {
		if l.state.Load().Serial == serial && !l.discovery.Load().IsComplete() {
			return false
		}
	}
	return true
}
