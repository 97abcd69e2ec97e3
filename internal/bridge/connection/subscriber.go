package connection

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// barrierTimeout is how long live documents may wait for what the broker sends
// before its answer.
const barrierTimeout = 30 * time.Second

// documentsDelay is how long the retained documents that the broker has sent before
// the answer to a barrier may take to arrive in the inbox.
const documentsDelay = 500 * time.Millisecond

var errHeldUp = errors.New("the broker has not answered for 30 s, though it sends")

// A subscriber subscribes to topics and removes old ones, beside the samples. One
// connection at a time uses it.
type subscriber struct {
	broker   *Broker
	received chan struct{} // closed when the broker has sent the retained discovery documents

	states, documents, cleaning secondary
}

func newSubscriber(b *Broker) subscriber {
	return subscriber{
		broker:    b,
		received:  make(chan struct{}),
		states:    secondary{log: b.Log, name: "subscription to states", maxLost: 3},
		documents: secondary{log: b.Log, name: "subscription to discovery documents", maxLost: 2},
		cleaning:  secondary{log: b.Log, name: "clearing of old topics", maxLost: 3},
	}
}

// run subscribes, and then removes old topics. It calls subscribed when retained
// documents of previous runs may be replaced.
func (s *subscriber) run(ctx context.Context, client *mqtt.Client, subscribed func()) {
	defer subscribed()
	s.states.attempt(ctx, client, func(ctx context.Context) error { return client.Subscribe(ctx, s.stateTopics()...) })
	isRejected := false
	if s.broker.Inbox != nil {
		isRejected = s.documents.attempt(ctx, client, func(ctx context.Context) error { return s.subscribeDocuments(ctx, client, subscribed) })
	}
	isRejected = isRejected || !s.documents.isActive()
	if s.broker.Inbox != nil && (isClosed(s.received) || isRejected) {
		s.broker.OnDocuments()
	}
	subscribed()
	if s.broker.Inbox != nil && isRejected {
		s.unsubscribe(ctx, client)
		return
	}
	if waitFor(ctx, s.broker.AllIdentified) != nil {
		return
	}
	s.cleaning.attempt(ctx, client, func(ctx context.Context) error {
		err := s.broker.Clean(ctx, client)
		if err == nil {
			s.cleaning.end() // nothing is left to do
		}
		return err
	})
}

// stateTopics are the subscriptions to the bridge's own state (an old Will may
// arrive late) and to Home Assistant's birth messages.
func (s *subscriber) stateTopics() []mqtt.Subscription {
	subs := []mqtt.Subscription{{Filter: s.broker.Topics.BridgeState(), QoS: 1, NoLocal: true}}
	if s.broker.Inbox != nil {
		for _, topic := range s.broker.Topics.Births() {
			subs = append(subs, mqtt.Subscription{Filter: topic, QoS: 1, RetainHandling: 2})
		}
	}
	return subs
}

// subscribeDocuments subscribes to discovery documents: the first time with what
// is retained, until the broker has sent it all, then only to changes. It then no
// longer subscribes to the form that this run does not publish.
func (s *subscriber) subscribeDocuments(ctx context.Context, client *mqtt.Client, subscribed func()) error {
	own, other := s.documentFilters()
	if !isClosed(s.received) {
		// Not noLocal: some brokers then keep back what we ourselves retained (mochi 2.7.9).
		if err := client.Subscribe(ctx, subscriptions(own, mqtt.Subscription{})...); err != nil {
			return err
		}
		if len(other) > 0 { // an access list may forbid it
			_ = client.Subscribe(ctx, subscriptions(other, mqtt.Subscription{})...)
		}
		subscribed()
		if err := waitFor(ctx, client.Barrier()); err != nil {
			return err
		}
		if len(other) > 0 {
			wait(ctx, documentsDelay)
			_ = client.Unsubscribe(ctx, other...) // else the connection ends
		}
		close(s.received)
	}
	return client.Subscribe(ctx, subscriptions(own, mqtt.Subscription{NoLocal: true, RetainHandling: 2})...)
}

// documentFilters returns the filters of the form of this run, and of the other
// form if a previous run may have used it.
func (s *subscriber) documentFilters() (own, other []string) {
	own, other = hass.Filters(s.broker.Topics.Prefix, hass.ByDevice), hass.Filters(s.broker.Topics.Prefix, hass.ByEntity)
	switch {
	case s.broker.Inbox.Form == hass.ByEntity:
		return other, own
	case !s.broker.Inbox.MayMigrate:
		return own, nil
	}
	return own, other
}

// subscriptions returns the subscription s for each filter.
func subscriptions(filters []string, s mqtt.Subscription) (all []mqtt.Subscription) {
	for _, s.Filter = range filters {
		all = append(all, s)
	}
	return all
}

// unsubscribe ends the subscription to discovery documents, which may be one of
// the broker's session.
func (s *subscriber) unsubscribe(ctx context.Context, client *mqtt.Client) {
	own, other := s.documentFilters()
	_ = client.Unsubscribe(ctx, slices.Concat(own, other)...) // else the connection ends
}

// watchBarriers ensures that the answers to barriers, which live documents wait
// for, are not delayed for long by retained messages: first the subscriptions
// are stopped, and if that does not help, the connection ends.
func (s *subscriber) watchBarriers(ctx context.Context, client *mqtt.Client, stop func()) {
	for limit := barrierTimeout; ; {
		select {
		case <-time.After(max(limit-client.PingAge(), time.Second)):
		case <-ctx.Done():
			return
		}
		if client.PingAge() < limit {
			continue
		}
		hadDocuments := s.broker.Inbox != nil && s.documents.end()
		if !s.cleaning.end() && !hadDocuments {
			client.Reconnect(errHeldUp)
			return
		}
		s.broker.Log.Warn().Dur("waited", barrierTimeout).Msg("live documents wait for retained messages of the broker: none are asked for until the next start")
		stop()
		limit += mqtt.PingTimeout
		inTime, cancel := context.WithTimeout(ctx, mqtt.PingTimeout)
		s.unsubscribe(inTime, client)
		cancel()
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	inTime, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-inTime.Done()
}

// waitFor waits until done is closed, or until ctx ends.
func waitFor(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
	case <-ctx.Done():
	}
	return ctx.Err()
}
