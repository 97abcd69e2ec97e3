package bridge

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// A board is where the gateways leave what is to be published and the one
// writer takes it from. It is no queue: of each topic it holds the latest
// message only, and what is retained stays on it, so that a broker that lost
// everything can be told again.
type board struct {
	wake chan struct{} // has an element when something was left

	began time.Time // what the slots' times are counted from

	mu     sync.Mutex // guards what follows
	left   bool       // the last words are said, and no sample may follow them
	live   []batch
	slots  map[string]*slot
	count  uint32 // slots ever made
	queues [priorities][]*slot
	sent   map[*slot]chan struct{} // closed when the slot's message is sent
}

// A priority orders what is told to a new connection; what is new later goes
// behind all that.
type priority uint8

const (
	discovered priority = iota // discovery documents
	stated                     // info and values
	available                  // availability of the gateways
	present                    // the bridge's own state, last of all
	changed                    // whatever has changed since
	priorities
)

// A slot is the latest message of one retained topic. There are a hundred for
// each gateway, so that it is kept small.
type slot struct {
	topic   string
	payload string
	render  func() []byte // writes the payload when it is sent, if not nil
	left    time.Duration // when it was left
	until   time.Duration // when its value is stale; 0 for never
	number  uint32        // in the order of making
	rank    priority
	qos     byte
	queued  bool
}

// A batch is one sample of a gateway under live.
type batch struct {
	serial   string
	messages []Message
	until    time.Time // when the next sample is due, and this one not worth sending
	taken    chan struct{}
}

func newBoard() *board {
	return &board{wake: make(chan struct{}, 1), began: time.Now(), slots: map[string]*slot{}, sent: map[*slot]chan struct{}{}}
}

func (b *board) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// putLive leaves a sample, in place of an older one that was not sent. The
// channel is closed when the broker has taken it, which may be never.
func (b *board) putLive(serial string, ms []Message, until time.Time) (taken <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := batch{serial, ms, until, make(chan struct{})}
	if b.left {
		return l.taken
	}
	defer b.rouse()
	if i := slices.IndexFunc(b.live, func(old batch) bool { return old.serial == serial }); i >= 0 {
		b.live[i] = l
	} else {
		b.live = append(b.live, l)
	}
	return l.taken
}

// put leaves a retained message to be sent now, and again to every new
// connection as long as it is not stale.
func (b *board) put(rank priority, m Message, until time.Time) {
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
	b.set(s, rank, Message{QoS: 1}, time.Time{})
	s.render = render
}

// offer is put for a value that may stand there already, or have been changed
// just now. The topic is for the caller to use again.
func (b *board) offer(topic []byte, m Message, until, now time.Time, p pace) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.slots[string(topic)]
	if !ok {
		s = b.slot(string(topic))
	} else if !p.due(s, m.Payload, now.Sub(b.began)) {
		return
	}
	b.set(s, stated, m, until)
	s.left = now.Sub(b.began)
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

func (b *board) set(s *slot, rank priority, m Message, until time.Time) {
	b.done(s) // what somebody waits for is superseded
	s.payload, s.render, s.qos, s.rank = string(m.Payload), nil, m.QoS, rank
	s.left, s.until = time.Since(b.began), 0
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

func (b *board) queue(p priority, s *slot) {
	if !s.queued {
		s.queued = true
		b.queues[p] = append(b.queues[p], s)
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
		if s, stands := b.slots[topic]; !stands || s.empty() {
			last = b.slot(topic)
			b.set(last, stated, Message{QoS: 1}, time.Time{})
		}
	}
	if last == nil {
		close(sent)
	} else {
		b.sent[last] = sent
	}
	return sent
}

// forget takes what stands under a gateway's topics off the board. The broker
// keeps it.
func (b *board) forget(config, base string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for topic, s := range b.slots {
		if topic == config || strings.HasPrefix(topic, base+"/") {
			delete(b.slots, topic)
			for p := range b.queues {
				b.queues[p] = slices.DeleteFunc(b.queues[p], func(q *slot) bool { return q == s })
			}
		}
	}
}

// announce queues everything that stands, for a connection or a listener that
// knows nothing.
func (b *board) announce() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queues = [priorities][]*slot{}
	slots := slices.SortedFunc(maps.Values(b.slots), func(x, y *slot) int { return cmp.Compare(x.number, y.number) })
	for _, s := range slots {
		s.queued = false
		b.queue(s.rank, s)
	}
	b.rouse()
}

// takeLive takes every sample that is still worth sending.
func (b *board) takeLive(now time.Time) []batch {
	b.mu.Lock()
	defer b.mu.Unlock()
	worth := slices.DeleteFunc(b.live, func(l batch) bool { return !now.Before(l.until) })
	b.live = nil
	return worth
}

// take takes the next retained message, with the time it has left, and the slot
// to name when it is delivered.
func (b *board) take(now time.Time) (Message, *slot, bool) {
	m, s, render := b.pop(now)
	if render != nil {
		m.Payload = render() // not under the lock: it takes others
	}
	return m, s, s != nil
}

func (b *board) pop(now time.Time) (m Message, s *slot, render func() []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	passed := now.Sub(b.began)
	for p := range b.queues {
		for len(b.queues[p]) > 0 {
			s := b.queues[p][0]
			b.queues[p] = b.queues[p][1:]
			s.queued = false
			if s.until > 0 && s.until <= passed {
				continue
			}
			m := Message{Topic: s.topic, Payload: []byte(s.payload), Retain: true, QoS: s.qos}
			if s.until > 0 {
				m.Expiry = seconds(s.until - passed)
			}
			return m, s, s.render
		}
	}
	return Message{}, nil, nil
}

// delivered takes note that the broker has what was taken from s.
func (b *board) delivered(s *slot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.queued {
		return // there is something newer
	}
	if s.empty() && b.slots[s.topic] == s {
		delete(b.slots, s.topic) // cleared at the broker, nothing stands
	}
	b.done(s)
}

// empty reports whether s takes its topic from the broker.
func (s *slot) empty() bool { return s.payload == "" && s.render == nil }

// waiting reports whether the message of topic has not been sent yet.
func (b *board) waiting(topic string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.slots[topic]
	return ok && s.queued
}

// leave forgets all that was to be sent and leaves the last words. The
// channel is closed when they are sent.
func (b *board) leave(words []Message) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = true
	b.live, b.slots, b.queues = nil, map[string]*slot{}, [priorities][]*slot{}
	sent := make(chan struct{})
	for i, m := range words {
		s := b.slot(m.Topic)
		b.set(s, present, m, time.Time{})
		if i == len(words)-1 {
			b.sent[s] = sent
		}
	}
	return sent
}
