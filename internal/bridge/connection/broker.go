package connection

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A Broker is the connection to the MQTT broker. Its client reports one event at a
// time, in goroutines of its own. Set the exported fields before [Broker.Connect].
type Broker struct {
	Outbox *outbox.Outbox
	Inbox  *hass.Inbox // of discovery documents; nil without discovery
	Topics schema.Topics
	Log    zerolog.Logger

	OnMessage func(topic string, payload []byte, retained bool) // must not block
	OnFailure func()                                            // called after Errors has changed
	// OnCommand, if not nil, must not block. It is called, in place of OnMessage, for
	// the messages to the topic [schema.Topics.LimitSet] of every gateway, to which
	// the broker then subscribes. isEarly means that the broker may have kept the
	// message from before this connection.
	OnCommand func(serial string, payload []byte, retained, isEarly bool)
	// OnDocuments is called when the retained discovery documents have been received,
	// or cannot be.
	OnDocuments func()
	// Clean removes old topics, once AllIdentified is closed because the serial number
	// of every gateway is known: what is missing then is not polled any more.
	Clean         func(context.Context, *mqtt.Client) error
	AllIdentified <-chan struct{}

	client      *mqtt.Client // set by Connect, perhaps after the first call of serve
	writer      outbox.Writer
	subscriber  subscriber
	errors      atomic.Int64 // connections lost or rejected
	isStopping  atomic.Bool  // messages of the broker are ignored
	isRejecting atomic.Bool  // the broker rejects messages of this connection
	commands    commands

	missing    string      // what the broker does not support, as last logged
	logged     problem.Set // since the broker was connected
	rejected   problem.Set // since the broker has accepted everything
	announcing secondary   // sending discovery documents
	suspect    string      // the discovery topic that the last connection ended with
}

// Connect connects in the background. It returns an error only if cfg is wrong.
func (b *Broker) Connect(ctx context.Context, cfg mqtt.Config) error {
	b.commands.filter = b.Topics.LimitSet("+")
	b.announcing = secondary{log: b.Log, name: "discovery", maxLost: 3}
	b.writer = outbox.Writer{Outbox: b.Outbox, Skip: b.isSkipped, OnRejected: b.onRejected, OnAccepted: b.onAccepted}
	b.subscriber = newSubscriber(b)
	cfg.OnUp, cfg.OnDown, cfg.OnError, cfg.OnMessage = b.serve, b.onDown, b.onError, b.receive
	var err error
	b.client, err = mqtt.Connect(ctx, cfg)
	return err
}

// HoldCommands rejects commands as early until release is called. While other
// subscriptions contain their topics, they may arrive twice, once without their retain
// flag.
func (b *Broker) HoldCommands() (release func()) {
	b.commands.isHeld.Store(true)
	return func() { b.commands.isHeld.Store(false) }
}

// StopListening ignores the messages of the broker from now on.
func (b *Broker) StopListening() { b.isStopping.Store(true) }

// Close closes the connection. If ctx ends before, the broker publishes the Will.
func (b *Broker) Close(ctx context.Context) error { return b.client.Close(ctx) }

// IsConnected reports whether there is a connection.
func (b *Broker) IsConnected() bool { return b.client.Connected() }

// IsRejecting reports whether the broker has rejected a message that it has not
// accepted since.
func (b *Broker) IsRejecting() bool { return b.isRejecting.Load() }

// Errors returns the number of connections that were lost or rejected.
func (b *Broker) Errors() int64 { return b.errors.Load() }

// Sent returns the number of messages that were sent.
func (b *Broker) Sent() int64 { return b.writer.Sent() }

// serve serves one connection, whose lifetime is ctx. Retained messages are sent
// after the subscription to retained documents, because they replace these.
func (b *Broker) serve(ctx context.Context, client *mqtt.Client, c mqtt.Capabilities) {
	began := time.Now()
	b.logged.Clear()
	b.rejected.Clear()
	b.isRejecting.Store(false)
	b.Log.Info().Msg("broker connected")
	b.logMissing(c)
	var tasks sync.WaitGroup
	defer b.commands.isOpen.Store(false) // before the next connection
	defer tasks.Wait()
	beside, stop := context.WithCancel(ctx)
	defer stop()
	subscribed := make(chan struct{})
	if b.OnCommand != nil {
		tasks.Go(func() { b.commands.open(ctx, client, b.Log) })
	}
	tasks.Go(func() { b.subscriber.run(beside, client, sync.OnceFunc(func() { close(subscribed) })) })
	tasks.Go(func() { b.subscriber.watchBarriers(ctx, client, stop) })
	b.findSuspect(ctx, client, began, b.writer.Serve(ctx, client, c, subscribed))
}

// logMissing logs what the broker does not support, once until that changes.
func (b *Broker) logMissing(c mqtt.Capabilities) {
	if missing := c.Missing(); missing != b.missing {
		b.missing = missing
		if missing != "" {
			b.Log.Warn().Str("missing", missing).Msg("the broker does not support everything, guarantees are reduced")
		}
	}
}

// goodConnectionAge is how long a connection lasts that has not ended because of discovery.
const goodConnectionAge = time.Minute

// findSuspect abandons discovery if several connections in a row have ended with
// the same document. The broker handles messages in order, so that the first one
// without an acknowledgement may be why it has closed the connection, which began at a
// time.
func (b *Broker) findSuspect(ctx context.Context, client *mqtt.Client, began time.Time, unacknowledged []string) {
	if len(unacknowledged) == 0 || !b.isDocument(unacknowledged[0]) {
		if time.Since(began) >= goodConnectionAge && b.announcing.wasActiveAt(began) {
			b.announcing.reset()
		}
		return
	}
	if b.suspect != unacknowledged[0] {
		b.suspect = unacknowledged[0]
		b.announcing.reset()
	}
	b.announcing.finish(ctx, client, mqtt.ErrNotConnected)
}

// isDocument reports whether topic is that of a discovery document.
func (b *Broker) isDocument(topic string) bool {
	return b.Inbox != nil && b.Inbox.IsDocument(topic)
}

// isSkipped reports whether an entry must not be sent.
func (b *Broker) isSkipped(topic string) bool {
	return !b.announcing.isActive() && b.isDocument(topic)
}

// onRejected logs a message that the broker has not accepted: each reason once,
// and each topic whose messages are too large once per connection.
func (b *Broker) onRejected(topic string, err error) {
	b.isRejecting.Store(true)
	_, isTooLarge := errors.AsType[*mqtt.TooLargeError](err)
	logged := &b.rejected
	if isTooLarge || errors.Is(err, mqtt.ErrInvalidPacket) {
		logged = &b.logged
	}
	if logged.Add(err) {
		b.Log.Warn().Err(err).Str("topic", topic).Msg("the broker rejected a message")
	}
}

func (b *Broker) onAccepted() {
	b.rejected.Clear()
	b.isRejecting.Store(false)
	b.Log.Info().Msg("the broker accepts all messages again")
}

// receive handles a message of the broker. It does not block.
func (b *Broker) receive(topic string, payload []byte, retained bool) {
	if b.isStopping.Load() {
		return
	}
	if serial, ok := b.commands.serial(topic); ok {
		if b.OnCommand != nil {
			b.OnCommand(serial, payload, retained, b.commands.areEarly())
		}
		return
	}
	b.OnMessage(topic, payload, retained)
}

func (b *Broker) onDown(err error)  { b.logFailure(err, "broker connection lost") }
func (b *Broker) onError(err error) { b.logFailure(err, "broker connection failed, retrying") }

// logFailure logs why there is no connection: each reason once, until there is one.
func (b *Broker) logFailure(err error, msg string) {
	if b.isStopping.Load() {
		return
	}
	b.errors.Add(1)
	b.OnFailure()
	if b.logged.Add(err) {
		b.Log.Warn().Err(err).Msg(msg)
	}
}
