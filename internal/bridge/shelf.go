package bridge

import (
	"slices"
	"strings"
	"time"
)

// A shelf holds what the points of one gateway last measured. They are a hundred,
// so that they are kept small: topics and texts are written when they are sent.
type shelf struct {
	base   string        // the gateway's topic
	life   time.Duration // for which a measurement stands; a counter does for ever
	values []standing
	next   int // before it nothing is to be sent
}

type standing struct {
	point
	waits  bool          // to be sent
	number float64       // rounded as it is written
	left   time.Duration // when it was left
}

// offer leaves a value that may stand there already, or have been changed just
// now, and reports whether it is to be sent.
func (s *shelf) offer(i int, number float64, at time.Duration, p pace) bool {
	v := &s.values[i]
	if v.quantity().counter {
		p = p.lasting()
	}
	if !p.due(at-v.left, number == v.number) {
		return false
	}
	v.number, v.left = number, at
	s.queue(i)
	return true
}

func (s *shelf) queue(i int) {
	s.values[i].waits = true
	s.next = min(s.next, i)
}

// queueAll has everything sent again.
func (s *shelf) queueAll() {
	for i := range s.values {
		s.queue(i)
	}
}

// find returns where p stands, or -1. It is looked for at near first.
func (s *shelf) find(p point, near int) int {
	if near < len(s.values) && s.values[near].point == p {
		return near
	}
	return slices.IndexFunc(s.values, func(v standing) bool { return v.point == p })
}

// take takes the next value that is to be sent and not stale.
func (s *shelf) take(now time.Duration) (Message, bool) {
	for ; s.next < len(s.values); s.next++ {
		v := &s.values[s.next]
		if !v.waits {
			continue
		}
		v.waits = false
		m := Message{Payload: appendNumber(nil, v.number, v.quantity().decimals), Retain: true}
		if !v.quantity().counter {
			until := v.left + s.life
			if until <= now {
				continue
			}
			m.Expiry = seconds(until - now)
		}
		m.Topic = s.topic(v.point)
		return m, true
	}
	return Message{}, false
}

func (s *shelf) topic(p point) string { return s.base + "/" + p.topic() }

// remove takes the value of a topic off s.
func (s *shelf) remove(topic string) {
	s.values = slices.DeleteFunc(s.values, func(v standing) bool { return s.topic(v.point) == topic })
	s.next = 0
}

// offerValues leaves the values of a gateway, whose topics are below base, as
// offer does a text. Measurements stand for life.
func (b *board) offerValues(base string, vs []value, life time.Duration, now time.Time, p pace) {
	b.mu.Lock()
	defer b.mu.Unlock()
	place := b.slot(base)
	s := b.shelves[place]
	if s == nil {
		s = &shelf{base: base, values: make([]standing, 0, len(vs))}
		b.shelves[place] = s
	}
	s.life = life
	at, news := now.Sub(b.began), false
	for near, v := range vs {
		number := rounded(v.number, v.quantity().decimals)
		if i := s.find(v.point, near); i >= 0 {
			news = s.offer(i, number, at, p) || news
			continue
		}
		b.drop(b.slots[s.topic(v.point)]) // which would take it from the broker
		s.values = append(s.values, standing{v.point, false, number, at})
		s.queue(len(s.values) - 1)
		news = true
	}
	if news {
		b.queue(changed, place)
		b.rouse()
	}
}

// shelfOf returns the shelf that topic is on, or nil.
func (b *board) shelfOf(topic string) *shelf {
	for base := topic; ; {
		end := strings.LastIndexByte(base, '/')
		if end < 0 {
			return nil
		}
		base = base[:end]
		s := b.shelves[b.slots[base]]
		if s != nil && slices.ContainsFunc(s.values, func(v standing) bool { return s.topic(v.point) == topic }) {
			return s
		}
	}
}
