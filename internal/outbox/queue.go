package outbox

import (
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A delivery is the messages that the writer sends at once: an entry, or the
// due values of a value set.
type delivery struct {
	item       *item
	topic      string
	revision   uint32
	isValueSet bool
	messages   []mqtt.Message
	encode     func() []byte // if not nil, returns the payload; without o.mu, because large documents take time
	number     int           // of the deliveries of entries over one connection, from 1 on
}

// set replaces the content of an entry and queues it. The caller holds o.mu.
func (o *Outbox) set(content Entry) *item {
	i := o.item(content.Topic)
	content.Topic = i.Topic // of which there is one copy
	i.Entry, i.setAt, i.isAcknowledged = content, time.Now(), false
	i.revision++
	if vs, rest := valuesOf(o.items, content.Topic); vs != nil && i.removesTopic() {
		vs.remove(rest)
	}
	o.enqueue(i)
	return i
}

// item returns the item of topic. It creates the item if necessary. The caller
// holds o.mu.
func (o *Outbox) item(topic string) *item {
	i := o.items[topic]
	if i == nil {
		o.created++
		i = &item{Entry: Entry{Topic: topic}, number: o.created}
		o.items[topic] = i
	}
	return i
}

// hasContent reports whether topic has content that is retained. The caller
// holds o.mu.
func (o *Outbox) hasContent(topic string) bool {
	if i := o.items[topic]; i != nil && i.values == nil {
		return !i.removesTopic()
	}
	vs, rest := valuesOf(o.items, topic)
	return vs != nil && vs.index(rest, 0) >= 0
}

// valuesOf returns the value set whose base topic is above topic, and the rest of topic;
// nil if there is none.
func valuesOf(items map[string]*item, topic string) (vs *valueSet, rest string) {
	for end := strings.LastIndexByte(topic, '/'); end > 0; end = strings.LastIndexByte(topic[:end], '/') {
		if i := items[topic[:end]]; i != nil && i.values != nil {
			return i.values, topic[end+1:]
		}
	}
	return nil, ""
}

// enqueue appends i to the queue, unless it is queued. The caller holds o.mu.
func (o *Outbox) enqueue(i *item) {
	if !i.isQueued {
		i.isQueued = true
		o.queue = append(o.queue, i)
	}
	o.wake()
}

// wake wakes the writer.
func (o *Outbox) wake() {
	select {
	case o.notify <- struct{}{}:
	default:
	}
}

// take removes the next delivery from the queue. It returns false if there is
// none, or if the next item is an entry and allowEntries is false. If allowValues
// is false, value sets stay in the queue, with the availability behind them, and
// areHeldBack reports whether there are any.
func (o *Outbox) take(now time.Time, allowEntries, allowValues bool) (d delivery, ok, areHeldBack bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	allowValues = allowValues || o.done != nil // no live message follows
	for n := 0; n < len(o.queue); {
		i := o.queue[n]
		isValueSet := i.values != nil
		if !allowValues && (isValueSet || areHeldBack && i.Priority >= Availability) {
			areHeldBack = true
			n++
			continue
		}
		if !isValueSet && !allowEntries {
			return delivery{}, false, areHeldBack
		}
		copy(o.queue[1:n+1], o.queue[:n]) // few, while those behind may be many
		o.queue = o.queue[1:]
		i.isQueued = false
		if o.items[i.Topic] != i {
			continue // deleted after it was queued
		}
		if ms := i.takeMessages(now); len(ms) > 0 {
			return delivery{i, i.Topic, i.revision, isValueSet, ms, i.Encode, 0}, true, areHeldBack
		}
	}
	return delivery{}, false, areHeldBack
}

// acknowledge records that the broker has acknowledged d. A late
// acknowledgement of an older revision has no effect on the newer one.
func (o *Outbox) acknowledge(d delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := d.item
	if i.revision != d.revision {
		return
	}
	i.isAcknowledged = true
	if i.removesTopic() && o.items[i.Topic] == i {
		delete(o.items, i.Topic)
	}
	unacknowledged := func(i *item) bool { return !i.isAcknowledged }
	if len(o.final) > 0 && !slices.ContainsFunc(o.final, unacknowledged) {
		close(o.done)
		o.final = nil
	}
}
