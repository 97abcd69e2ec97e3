package hass

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

const (
	// maxCollected limits the bytes of the topics that are collected before they
	// are removed.
	maxCollected = 1 << 20
	// settleDelay is how long no retained message must arrive until all have: the
	// client handles them apart from the answer to a barrier.
	settleDelay = time.Second
)

// A collection is the topics that the broker has sent and that must be removed.
type collection struct {
	mu       sync.Mutex // guards the fields below
	accept   func(topic string, payload []byte) bool
	topics   []string
	size     int // bytes of topics
	received int // retained messages
}

// start empties the collection. Afterwards it collects what accept accepts.
func (c *collection) start(accept func(topic string, payload []byte) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accept, c.topics, c.size = accept, nil, 0
}

// wait returns the topics when no more retained messages arrive, or when the
// collection is full.
func (c *collection) wait(ctx context.Context) (topics []string, isFull bool, err error) {
	for before := -1; ; {
		c.mu.Lock()
		topics, isFull = c.topics, c.size >= maxCollected
		received := c.received
		c.mu.Unlock()
		if isFull || received == before {
			return topics, isFull, nil
		}
		before = received
		if err := sleep(ctx, settleDelay); err != nil {
			return nil, false, err
		}
	}
}

// Receive handles a message that the broker had retained. Any goroutine may call
// it.
func (c *Cleaner) Receive(topic string, payload []byte) {
	s := &c.collection
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received++
	if s.accept != nil && s.size < maxCollected && len(payload) > 0 && s.accept(topic, payload) {
		s.topics = append(s.topics, topic)
		s.size += len(topic)
	}
}

// removeRetained removes the retained topics that match filters and belong to n,
// and returns how many there were. Before the first removal it calls ready, which
// may be nil.
func (c *Cleaner) removeRetained(ctx context.Context, client *mqtt.Client, n Namespace, filters []string, ready func() error) (removed int, err error) {
	for more := true; more; {
		topics, isFull, err := c.collect(ctx, client, n, filters)
		if err == nil && len(topics) > 0 && ready != nil {
			err, ready = ready(), nil
		}
		if err == nil {
			err = c.remove(ctx, topics)
		}
		if err != nil {
			return removed, err
		}
		removed, more = removed+len(topics), isFull
	}
	return removed, nil
}

// collect returns the retained topics that match filters and belong to n, and
// whether there may be more.
func (c *Cleaner) collect(ctx context.Context, client *mqtt.Client, n Namespace, filters []string) (topics []string, isFull bool, err error) {
	c.collection.start(func(topic string, payload []byte) bool { return c.isObsolete(n, topic, payload) })
	defer c.collection.start(nil)
	if len(filters) > 0 {
		subs := make([]mqtt.Subscription, len(filters))
		for i, f := range filters {
			subs[i] = mqtt.Subscription{Filter: f} // of QoS 0: the broker sends all at once
		}
		defer func() { err = errors.Join(err, client.Unsubscribe(context.WithoutCancel(ctx), filters...)) }()
		if err := client.Subscribe(ctx, subs...); err != nil {
			return nil, false, err
		}
	}
	select {
	case <-client.Barrier():
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	return c.collection.wait(ctx)
}
