package bridge

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A broker is the connection to the MQTT broker. Its client reports one event at a
// time, in goroutines of its own.
type broker struct {
	log        zerolog.Logger
	shared     *shared
	client     *mqtt.Client
	hasClient  chan struct{} // closed when client is set
	writer     outbox.Writer
	subscriber subscriber
	onMessage  func(topic string, payload []byte, retained bool)
	onFailure  func()       // called after errors has changed
	errors     atomic.Int64 // connections lost or rejected
	isStopping atomic.Bool  // messages of the broker are ignored

	missing    string      // what the broker does not support, as last logged
	logged     problem.Set // since the broker was connected
	rejected   problem.Set // since the broker has accepted everything
	announcing secondary   // sending discovery documents
	suspect    string      // the discovery topic that the last connection ended with
}

func newBroker(s *shared, log zerolog.Logger) *broker {
	b := &broker{
		log:        log,
		shared:     s,
		hasClient:  make(chan struct{}),
		subscriber: newSubscriber(s, log),
		announcing: secondary{log: log, name: "discovery", maxLost: 3},
	}
	b.writer = outbox.Writer{Outbox: s.outbox, Skip: b.isSkipped, OnRejected: b.onRejected, OnAccepted: b.onAccepted}
	return b
}

// connect connects in the background. It returns an error only if cfg is wrong.
func (b *broker) connect(ctx context.Context, cfg mqtt.Config) error {
	will := bridgeStateEntry(b.shared.topics, schema.Offline)
	cfg.Will = mqtt.Message{Topic: will.Topic, Payload: will.Payload, Retain: true, QoS: 1}
	cfg.OnUp, cfg.OnDown, cfg.OnError, cfg.OnMessage = b.serve, b.onDown, b.onError, b.receive
	client, err := mqtt.Connect(ctx, cfg)
	if err != nil {
		return err
	}
	b.client, b.writer.Client, b.subscriber.client = client, client, client
	close(b.hasClient)
	return nil
}

// stopListening ignores the messages of the broker from now on.
func (b *broker) stopListening() { b.isStopping.Store(true) }

// close closes the connection. If ctx ends before, the broker publishes the Will.
func (b *broker) close(ctx context.Context) {
	if err := b.client.Close(ctx); err != nil && !errors.Is(context.Cause(ctx), ErrHandover) {
		b.log.Warn().Err(err).Msg("broker disconnect failed")
	}
}

// serve serves one connection, whose lifetime is ctx. Retained messages are sent
// after the subscription to retained documents, because they replace these.
func (b *broker) serve(ctx context.Context, c mqtt.Capabilities) {
	<-b.hasClient
	b.logged.Clear()
	b.rejected.Clear()
	b.log.Info().Msg("broker connected")
	b.logMissing(c)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	beside, stop := context.WithCancel(ctx)
	defer stop()
	subscribed := make(chan struct{})
	tasks.Go(func() { b.subscriber.run(beside, sync.OnceFunc(func() { close(subscribed) })) })
	tasks.Go(func() { b.subscriber.watchBarriers(ctx, stop) })
	b.findSuspect(ctx, b.writer.Serve(ctx, c, subscribed))
}

// logMissing logs what the broker does not support, once until that changes.
func (b *broker) logMissing(c mqtt.Capabilities) {
	if missing := c.Missing(); missing != b.missing {
		b.missing = missing
		if missing != "" {
			b.log.Warn().Str("missing", missing).Msg("the broker does not support everything, guarantees are reduced")
		}
	}
}

// findSuspect abandons discovery if several connections in a row have ended with
// the same document. The broker handles messages in order, so that the first one
// without an acknowledgement may be why it has closed the connection.
func (b *broker) findSuspect(ctx context.Context, unacknowledged []string) {
	if len(unacknowledged) == 0 || !b.shared.isDiscovery(unacknowledged[0]) {
		return
	}
	if b.suspect != unacknowledged[0] {
		b.suspect = unacknowledged[0]
		b.announcing.finish(ctx, b.client, nil)
	}
	b.announcing.finish(ctx, b.client, mqtt.ErrNotConnected)
}

// isSkipped reports whether an entry must not be sent.
func (b *broker) isSkipped(topic string) bool {
	return !b.announcing.isActive() && b.shared.isDiscovery(topic)
}

// onRejected logs a message that the broker has not accepted: each reason once,
// and each topic whose messages are too large once per connection.
func (b *broker) onRejected(topic string, err error) {
	_, isTooLarge := errors.AsType[*mqtt.TooLargeError](err)
	logged := &b.rejected
	if isTooLarge || errors.Is(err, mqtt.ErrInvalidPacket) {
		logged = &b.logged
	}
	if logged.Add(err) {
		b.log.Warn().Err(err).Str("topic", topic).Msg("the broker rejected a message")
	}
}

func (b *broker) onAccepted() {
	b.rejected.Clear()
	b.log.Info().Msg("the broker accepts all messages again")
}

// receive handles a message of the broker. It does not block.
func (b *broker) receive(topic string, payload []byte, retained bool) {
	if !b.isStopping.Load() {
		b.onMessage(topic, payload, retained)
	}
}

func (b *broker) onDown(err error)  { b.logFailure(err, "broker connection lost") }
func (b *broker) onError(err error) { b.logFailure(err, "broker connection failed, retrying") }

// logFailure logs why there is no connection: each reason once, until there is one.
func (b *broker) logFailure(err error, msg string) {
	if b.isStopping.Load() {
		return
	}
	b.errors.Add(1)
	b.onFailure()
	if b.logged.Add(err) {
		b.log.Warn().Err(err).Msg(msg)
	}
}
