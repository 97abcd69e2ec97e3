package bridge

import (
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

	mu     sync.Mutex // guards what follows
	left   bool       // the last words are said, and no sample may follow them
	live   []batch
	slots  map[string]*slot
	count  int // slots ever made
	queues [priorities][]*slot
}

// A priority orders what is told to a new connection; what is new later goes
// behind all that.
type priority int

const (
	discovered priority = iota // discovery documents
	stated                     // info and values
	available                  // availability of the gateways
	present                    // the bridge's own state, last of all
	changed                    // whatever has changed since
	priorities
)

// A slot is the latest message of one retained topic.
type slot struct {
	Message
	render func() []byte // writes the payload when it is sent, if not nil
	rank   priority
	number int       // in the order of making
	until  time.Time // when its value is stale; zero for never
	queued bool
	sent   chan struct{} // closed when it is sent, if not nil
}

// A batch is one sample of a gateway under live.
type batch struct {
	serial   string
	messages []Message
	until    time.Time // when the next sample is due, and this one not worth sending
	taken    chan struct{}
}

func newBoard() *board {
	return &board{wake: make(chan struct{}, 1), slots: map[string]*slot{}}
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
	b.set(rank, m, until)
}

// putLater is put for a payload that is large and rarely sent: it is written
// when it is, and not kept.
func (b *board) putLater(rank priority, topic string, render func() []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(rank, Message{Topic: topic, Retain: true, QoS: 1}, time.Time{}).render = render
}

func (b *board) set(rank priority, m Message, until time.Time) *slot {
	s, ok := b.slots[m.Topic]
	if !ok {
		b.count++
		s = &slot{number: b.count}
		b.slots[m.Topic] = s
	}
	if s.sent != nil { // what somebody waits for is superseded
		close(s.sent)
		s.sent = nil
	}
	s.Message, s.render, s.rank, s.until = m, nil, rank, until
	b.queue(changed, s)
	b.rouse()
	return s
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
		if _, stands := b.slots[topic]; !stands {
			last = b.set(stated, Message{Topic: topic, Retain: true, QoS: 1}, time.Time{})
		}
	}
	if last == nil {
		close(sent)
	} else {
		last.sent = sent
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
	slots := slices.SortedFunc(maps.Values(b.slots), func(x, y *slot) int { return x.number - y.number })
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

// take takes the next retained message, with the time it has left.
func (b *board) take(now time.Time) (m Message, sent chan struct{}, ok bool) {
	m, render, sent, ok := b.pop(now)
	if render != nil {
		m.Payload = render() // not under the lock: it takes others
	}
	return m, sent, ok
}

func (b *board) pop(now time.Time) (m Message, render func() []byte, sent chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for p := range b.queues {
		for len(b.queues[p]) > 0 {
			s := b.queues[p][0]
			b.queues[p] = b.queues[p][1:]
			s.queued = false
			m = s.Message
			if len(m.Payload) == 0 && s.render == nil {
				delete(b.slots, m.Topic) // cleared at the broker, nothing stands
			}
			if s.until.IsZero() {
				return m, s.render, s.sent, true
			}
			if now.Before(s.until) {
				m.Expiry = seconds(s.until.Sub(now))
				return m, s.render, s.sent, true
			}
		}
	}
	return Message{}, nil, nil, false
}

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
		if s := b.set(present, m, time.Time{}); i == len(words)-1 {
			s.sent = sent
		}
	}
	return sent
}
