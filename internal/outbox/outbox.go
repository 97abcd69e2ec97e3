package outbox

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// An Outbox holds the latest message of each topic. Its methods may be called
// from any goroutine. They do not wait for the broker.
type Outbox struct {
	notify chan struct{} // has an element after a change

	mu      sync.Mutex       // guards the fields below
	items   map[string]*item // by topic; a value set is stored under its base topic
	queue   []*item          // the items to send, in order
	live    []liveBatch      // the latest of each gateway
	created uint32           // number of items created
	final   []*item          // the final messages, until they are acknowledged
	done    chan struct{}    // closed when final is acknowledged; nil before Close
}

// New returns an empty outbox.
func New() *Outbox {
	return &Outbox{notify: make(chan struct{}, 1), items: map[string]*item{}}
}

// Set replaces the content of a topic and queues it. After Close, it does nothing.
func (o *Outbox) Set(e Entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done == nil {
		o.set(e)
	}
}

// SetIfChanged is Set for a payload that is often the same. It discards the
// payload if it is equal to the last, or if less than minInterval has passed
// since that was set.
func (o *Outbox) SetIfChanged(e Entry, minInterval time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := o.items[e.Topic]; o.done == nil && (i == nil || i.isChange(e.Payload, time.Now(), minInterval)) {
		o.set(e)
	}
}

// SetValues replaces the values of one gateway, whose topics are below the topic
// base, by the values of one sample. It queues them as far as t permits.
func (o *Outbox) SetValues(base string, values []Value, measuredAt time.Time, t Throttle) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done != nil {
		return
	}
	i := o.item(base)
	if i.values == nil {
		i.values = &valueSet{base: base}
	}
	for _, topic := range i.values.update(values, measuredAt, t) {
		delete(o.items, base+"/"+topic) // a removal of the topic that is not acknowledged yet
	}
	if i.values.mustSend() {
		o.enqueue(i)
	}
}

// RemoveUnused removes topics from the broker, except those that have content in
// the outbox.
func (o *Outbox) RemoveUnused(topics []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, topic := range topics {
		if o.done == nil && !o.hasContent(topic) {
			o.set(Entry{Topic: topic})
		}
	}
}

// RemoveLater deletes topics from the outbox, and from the broker after delay.
// Topics that have content again by then are kept.
func (o *Outbox) RemoveLater(topics []string, delay time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, topic := range topics {
		delete(o.items, topic)
		if vs, rest := valuesOf(o.items, topic); vs != nil {
			vs.remove(rest)
		}
	}
	time.AfterFunc(delay, func() { o.RemoveUnused(topics) })
}

// Forget deletes the topic prefix and all topics below it from the outbox. The
// broker keeps its messages.
func (o *Outbox) Forget(prefix string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	maps.DeleteFunc(o.items, func(topic string, _ *item) bool {
		return topic == prefix || strings.HasPrefix(topic, prefix+"/")
	})
}

// IsAcknowledged reports whether topic has content that the broker has
// acknowledged. If the broker does not support QoS 1, a sent message counts as
// acknowledged.
func (o *Outbox) IsAcknowledged(topic string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.items[topic]
	return i != nil && i.isAcknowledged && !i.removesTopic()
}

// IsRemoving reports whether the removal of topic has not been acknowledged yet.
func (o *Outbox) IsRemoving(topic string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.items[topic]
	return i != nil && i.removesTopic()
}

// RequeueAll queues everything in the order of priority. It is called after a
// reconnect and after a birth message of Home Assistant.
func (o *Outbox) RequeueAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = slices.SortedFunc(maps.Values(o.items), func(x, y *item) int {
		return cmp.Or(cmp.Compare(x.Priority, y.Priority), cmp.Compare(x.number, y.number))
	})
	for _, i := range o.queue {
		i.isQueued = true
		if i.values != nil {
			i.values.markUnsent()
		}
	}
	o.wake()
}

// Close discards all messages, except changed counters, and queues the final
// messages. If there are none, it discards everything. The returned channel is
// closed when the broker has acknowledged the final messages.
func (o *Outbox) Close(final ...Entry) (done <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.live, o.queue = nil, nil
	maps.DeleteFunc(o.items, func(_ string, i *item) bool { return i.values == nil || len(final) == 0 })
	sets := slices.SortedFunc(maps.Values(o.items), func(x, y *item) int { return cmp.Compare(x.number, y.number) })
	for _, i := range sets {
		i.isQueued = false
		i.values.retainUnsentCounters()
		o.enqueue(i)
	}
	for _, e := range final {
		o.final = append(o.final, o.set(e))
	}
	o.done = make(chan struct{})
	if len(final) == 0 {
		close(o.done)
	}
	return o.done
}
