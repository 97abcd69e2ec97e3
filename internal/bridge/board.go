package bridge

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
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

// A batch is one sample of a gateway under live.
type batch struct {
	serial   string
	messages []mqtt.Message
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
func (b *board) putLive(serial string, ms []mqtt.Message, until time.Time) (taken <-chan struct{}) {
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

// forget takes what stands under a gateway's topics off the board. The broker
// keeps it.
func (b *board) forget(config, base string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for topic, s := range b.slots {
		if topic == config || topic == base || strings.HasPrefix(topic, base+"/") {
			b.drop(s)
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
		if s.shelf != nil {
			s.shelf.again()
		}
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
func (b *board) take(now time.Time) (mqtt.Message, *slot, bool) {
	m, s, render := b.pop(now)
	if render != nil {
		m.Payload = render() // not under the lock: it takes others
	}
	return m, s, s != nil
}

func (b *board) pop(now time.Time) (m mqtt.Message, s *slot, render func() []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	passed := now.Sub(b.began)
	for p := range b.queues {
		for len(b.queues[p]) > 0 {
			s := b.queues[p][0]
			if s.shelf != nil {
				if m, some := s.shelf.take(passed); some {
					return m, s, nil
				}
			}
			b.queues[p] = b.queues[p][1:]
			s.queued = false
			switch {
			case s.shelf != nil:
				if s.shelf.waiting() { // since its turn began: now it is the others'
					b.queue(changed, s)
				}
				continue
			case s.until > 0 && s.until <= passed:
				continue
			}
			m := mqtt.Message{Topic: s.topic, Payload: []byte(s.payload), Retain: true, QoS: s.qos}
			if s.until > 0 {
				m.Expiry = seconds(s.until - passed)
			}
			return m, s, s.render
		}
	}
	return mqtt.Message{}, nil, nil
}

// leave forgets all that was to be sent and leaves the last words. The
// channel is closed when they are sent.
func (b *board) leave(words []mqtt.Message) <-chan struct{} {
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
