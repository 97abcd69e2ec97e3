package connection

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// barrierTimeout is how long live documents may wait for what the broker sends
// before its answer.
const barrierTimeout = 30 * time.Second

// documentsTime is how long the retained documents that the broker has sent before
// the answer to a barrier may take to arrive in the inbox.
const documentsTime = 500 * time.Millisecond

var errHeldUp = errors.New("the broker has not answered for 30 s, though it sends")

// A subscriber subscribes to topics and removes old ones, beside the samples. One
// connection at a time uses it.
type subscriber struct {
	log           zerolog.Logger
	topics        schema.Topics
	client        *mqtt.Client
	inbox         *hass.Inbox   // nil without discovery
	received      chan struct{} // closed when the broker has sent the retained discovery documents
	onDocuments   func()
	clean         func(context.Context, *mqtt.Client) error
	allIdentified <-chan struct{}

	states, documents, cleaning secondary
}

func newSubscriber(b *Broker, client *mqtt.Client) subscriber {
	return subscriber{
		log:           b.Log,
		topics:        b.Topics,
		client:        client,
		inbox:         b.Inbox,
		received:      make(chan struct{}),
		onDocuments:   b.OnDocuments,
		clean:         b.Clean,
		allIdentified: b.AllIdentified,
		states:        secondary{log: b.Log, name: "subscription to states", maxLost: 3},
		documents:     secondary{log: b.Log, name: "subscription to discovery documents", maxLost: 2},
		cleaning:      secondary{log: b.Log, name: "clearing of old topics", maxLost: 3},
	}
}

// run subscribes, and then removes old topics. It calls subscribed when retained
// documents of previous runs may be replaced.
func (s *subscriber) run(ctx context.Context, subscribed func()) {
	defer subscribed()
	s.states.attempt(ctx, s.client, func(ctx context.Context) error { return s.client.Subscribe(ctx, s.stateTopics()...) })
	if s.inbox != nil {
		s.documents.attempt(ctx, s.client, func(ctx context.Context) error { return s.subscribeDocuments(ctx, subscribed) })
	}
	if s.inbox != nil && (isClosed(s.received) || !s.documents.isActive()) {
		s.onDocuments()
	}
	subscribed()
	if s.inbox != nil && !s.documents.isActive() {
		s.unsubscribe(ctx)
		return
	}
	if waitFor(ctx, s.allIdentified) != nil {
		return
	}
	s.cleaning.attempt(ctx, s.client, func(ctx context.Context) error {
		err := s.clean(ctx, s.client)
		if err == nil {
			s.cleaning.abandon() // nothing is left to do
		}
		return err
	})
}

// stateTopics are the subscriptions to the bridge's own state (an old Will may
// arrive late) and to Home Assistant's birth messages.
func (s *subscriber) stateTopics() []mqtt.Subscription {
	subs := []mqtt.Subscription{{Filter: s.topics.BridgeState(), QoS: 1, NoLocal: true}}
	if s.inbox != nil {
		for _, topic := range s.topics.Births() {
			subs = append(subs, mqtt.Subscription{Filter: topic, QoS: 1, RetainHandling: 2})
		}
	}
	return subs
}

// subscribeDocuments subscribes to discovery documents: the first time with what
// is retained, until the broker has sent it all, then only to changes. It then no
// longer subscribes to the form that this run does not publish.
func (s *subscriber) subscribeDocuments(ctx context.Context, subscribed func()) error {
	own, other := s.documentFilters()
	if !isClosed(s.received) {
		// Not noLocal: some brokers then keep back what we ourselves retained (mochi 2.7.9).
		if err := s.client.Subscribe(ctx, subscriptions(own, mqtt.Subscription{})...); err != nil {
			return err
		}
		if len(other) > 0 { // an access list may forbid it
			_ = s.client.Subscribe(ctx, subscriptions(other, mqtt.Subscription{})...)
		}
		subscribed()
		if err := waitFor(ctx, s.client.Barrier()); err != nil {
			return err
		}
		if len(other) > 0 {
			wait(ctx, documentsTime)
			_ = s.client.Unsubscribe(ctx, other...) // else the connection ends
		}
		close(s.received)
	}
	return s.client.Subscribe(ctx, subscriptions(own, mqtt.Subscription{NoLocal: true, RetainHandling: 2})...)
}

// documentFilters returns the filters of the form of this run, and of the other
// form if a previous run may have used it.
func (s *subscriber) documentFilters() (own, other []string) {
	own, other = hass.Filters(s.topics.Prefix, hass.ByDevice), hass.Filters(s.topics.Prefix, hass.ByEntity)
	switch {
	case s.inbox.Form == hass.ByEntity:
		return other, own
	case !s.inbox.MayMigrate:
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
func (s *subscriber) unsubscribe(ctx context.Context) {
	own, other := s.documentFilters()
	_ = s.client.Unsubscribe(ctx, slices.Concat(own, other)...) // else the connection ends
}

// watchBarriers ensures that the answers to barriers, which live documents wait
// for, are not delayed for long by retained messages: first the subscriptions
// are stopped, and if that does not help, the connection ends.
func (s *subscriber) watchBarriers(ctx context.Context, stop func()) {
	for limit := barrierTimeout; ; {
		select {
		case <-time.After(max(limit-s.client.PingAge(), time.Second)):
		case <-ctx.Done():
			return
		}
		if s.client.PingAge() < limit {
			continue
		}
		hadDocuments := s.inbox != nil && s.documents.abandon()
		if !s.cleaning.abandon() && !hadDocuments {
			s.client.Reconnect(errHeldUp)
			return
		}
		s.log.Warn().Dur("waited", barrierTimeout).Msg("live documents wait for retained messages of the broker: none are asked for until the next start")
		stop()
		limit += mqtt.PingTimeout
		inTime, cancel := context.WithTimeout(ctx, mqtt.PingTimeout)
		s.unsubscribe(inTime)
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
