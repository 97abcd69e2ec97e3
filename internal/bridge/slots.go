package bridge

import (
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A slot is the latest message of one retained topic or, under a gateway's own,
// the place of its shelf.
type slot struct {
	topic   string
	payload string
	render  func() []byte // writes the payload when it is sent, if not nil
	shelf   *shelf        // if not nil, the messages are its
	left    time.Duration // when it was left
	until   time.Duration // when its value is stale; 0 for never
	number  uint32        // in the order of making
	rank    priority
	qos     byte
	queued  bool
	arrived bool // the broker has taken the message
}

// empty reports whether s takes its topic from the broker.
func (s *slot) empty() bool { return s.payload == "" && s.render == nil && s.shelf == nil }

// put leaves a retained message to be sent now, and again to every new
// connection as long as it is not stale.
func (b *board) put(rank priority, m mqtt.Message, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(b.slot(m.Topic), rank, m, until)
}

// putLater is put for a payload that is large and rarely sent: it is written
// when it is, and not kept.
func (b *board) putLater(rank priority, topic string, render func() []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.slot(topic)
	b.set(s, rank, mqtt.Message{QoS: 1}, time.Time{})
	s.render = render
}

// offer is put for a text that may stand there already, or have been changed
// just now.
func (b *board) offer(m mqtt.Message, now time.Time, p pace) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, at := b.slot(m.Topic), now.Sub(b.began)
	if s.empty() || p.due(at-s.left, string(m.Payload) == s.payload) {
		b.set(s, stated, m, time.Time{})
		s.left = at
	}
}

// slot returns the slot of a topic.
func (b *board) slot(topic string) *slot {
	s, ok := b.slots[topic]
	if !ok {
		b.count++
		s = &slot{topic: topic, number: b.count}
		b.slots[topic] = s
	}
	return s
}

func (b *board) set(s *slot, rank priority, m mqtt.Message, until time.Time) {
	b.done(s) // what somebody waits for is superseded
	s.payload, s.render, s.qos, s.rank = string(m.Payload), nil, m.QoS, rank
	s.left, s.until, s.arrived = time.Since(b.began), 0, false
	if !until.IsZero() {
		s.until = max(1, until.Sub(b.began))
	}
	b.queue(changed, s)
	b.rouse()
}

// done tells who waits for s.
func (b *board) done(s *slot) {
	if sent, ok := b.sent[s]; ok {
		close(sent)
		delete(b.sent, s)
	}
}

// clear leaves empty messages that take what is retained under topics from the
// broker, but for what stands on the board. The channel is closed when they are sent.
func (b *board) clear(topics []string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	sent := make(chan struct{})
	var last *slot
	for _, topic := range topics {
		if !b.left && !b.stands(topic) {
			last = b.slot(topic)
			b.set(last, stated, mqtt.Message{QoS: 1}, time.Time{})
		}
	}
	if last == nil {
		close(sent)
	} else {
		b.sent[last] = sent
	}
	return sent
}

// takenIn is how long Home Assistant has to take a discovery document. Until
// then its entities may still read the topics that the one before named, and an
// empty message there would be an error in its log.
const takenIn = 10 * time.Second

// retire takes what stands under topics off the board, and from the broker when
// Home Assistant has taken the documents left before. What stands there again by
// then stays.
func (b *board) retire(topics ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, topic := range topics {
		b.drop(b.slots[topic])
		if s, i := b.shelved(topic); s != nil {
			s.values = slices.Delete(s.values, i, i+1)
		}
	}
	time.AfterFunc(takenIn, func() { b.clear(topics) })
}

// stands reports whether something is retained under topic.
func (b *board) stands(topic string) bool {
	if s, ok := b.slots[topic]; ok {
		return !s.empty()
	}
	s, _ := b.shelved(topic)
	return s != nil
}

// delivered takes note that the broker has what was taken from s.
func (b *board) delivered(s *slot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.queued {
		return // there is something newer
	}
	s.arrived = true
	if s.empty() && b.slots[s.topic] == s {
		delete(b.slots, s.topic) // cleared at the broker, nothing stands
	}
	b.done(s)
}

// waiting reports whether the message of topic has not been sent yet.
func (b *board) waiting(topic string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.slots[topic]
	return ok && s.queued
}

// hasArrived reports whether the broker has taken the latest message of topic.
func (b *board) hasArrived(topic string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.slots[topic]
	return ok && s.arrived && !s.queued
}

// drop takes s, if there is one, off the board. The broker keeps what it has.
func (b *board) drop(s *slot) {
	if s == nil {
		return
	}
	delete(b.slots, s.topic)
	for p := range b.queues {
		b.queues[p] = slices.DeleteFunc(b.queues[p], func(q *slot) bool { return q == s })
	}
	b.done(s)
}

func (b *board) queue(p priority, s *slot) {
	if !s.queued {
		s.queued = true
		b.queues[p] = append(b.queues[p], s)
	}
}

// A pace says how often a retained value is sent.
type pace struct {
	least time.Duration // between two changes
	most  time.Duration // after which it is sent again although it is the same; 0 for never
	next  time.Duration // until there is another sample to send it from
}

// lasting is the pace of values that do not expire.
func (p pace) lasting() pace { return pace{least: p.least} }

// due reports whether to send what was left so long ago, or what there is now.
func (p pace) due(age time.Duration, same bool) bool {
	if p.most > 0 && age+p.next > p.most {
		return true // the next sample would be too late to keep it alive
	}
	return !same && age >= p.least-p.least/50 // samples do not come to the millisecond
}
