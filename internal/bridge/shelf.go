package bridge

import (
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A shelf holds what the points of one gateway last measured. They are a hundred,
// so that they are kept small: topics and texts are written when they are sent.
type shelf struct {
	base   string        // the gateway's topic
	life   time.Duration // for which a measurement stands; a counter does for ever
	values []standing
	next   int // where it is looked for the next that waits
}

// A standing is the last value of a point.
type standing struct {
	point
	waits  bool          // to be sent
	number float64       // rounded as it is written
	left   time.Duration // when it was left
}

// stand makes number the value of the i-th point if it is to be sent, and
// reports that.
func (s *shelf) stand(i int, number float64, at time.Duration, p pace) (news bool) {
	v := &s.values[i]
	if v.quantity().counter {
		p = p.lasting()
	}
	if !p.due(at-v.left, number == v.number) {
		return false
	}
	v.number, v.left, v.waits = number, at, true
	return true
}

// add puts the first value of a point there.
func (s *shelf) add(p point, number float64, at time.Duration) {
	s.values = append(s.values, standing{p, true, number, at})
}

// again has everything sent once more.
func (s *shelf) again() {
	for i := range s.values {
		s.values[i].waits = true
	}
	s.next = 0
}

// find returns where p stands, or -1. It is looked for at near first.
func (s *shelf) find(p point, near int) int {
	if near < len(s.values) && s.values[near].point == p {
		return near
	}
	return slices.IndexFunc(s.values, func(v standing) bool { return v.point == p })
}

// take takes the next value that waits and is not stale. One that comes to wait
// behind it is taken the next time round, which begins when there is none.
func (s *shelf) take(now time.Duration) (mqtt.Message, bool) {
	for s.next < len(s.values) {
		v := &s.values[s.next]
		s.next++
		if !v.waits {
			continue
		}
		v.waits = false
		q, until := v.quantity(), v.left+s.life
		if !q.counter && until <= now {
			continue
		}
		m := mqtt.Message{Topic: s.topic(v.point), Payload: appendNumber(nil, v.number, q.decimals), Retain: true}
		if !q.counter {
			m.Expiry = seconds(until - now)
		}
		return m, true
	}
	s.next = 0
	return mqtt.Message{}, false
}

// waiting reports whether something is to be sent.
func (s *shelf) waiting() bool {
	return slices.ContainsFunc(s.values, func(v standing) bool { return v.waits })
}

func (s *shelf) topic(p point) string { return s.base + "/" + p.topic() }

// offerValues is offer for the values of a gateway, whose topics are below base.
// Measurements stand for life.
func (b *board) offerValues(base string, vs []value, life time.Duration, now time.Time, p pace) {
	b.mu.Lock()
	defer b.mu.Unlock()
	place := b.slot(base)
	if place.shelf == nil {
		place.rank, place.shelf = stated, &shelf{base: base, values: make([]standing, 0, len(vs))}
	}
	s := place.shelf
	s.life = life
	at, news := now.Sub(b.began), false
	for near, v := range vs {
		number := rounded(v.number, v.quantity().decimals)
		if i := s.find(v.point, near); i >= 0 {
			news = s.stand(i, number, at, p) || news
			continue
		}
		b.drop(b.slots[s.topic(v.point)]) // which would take it from the broker
		s.add(v.point, number, at)
		news = true
	}
	if news {
		b.queue(changed, place)
		b.rouse()
	}
}

// shelved returns the shelf that topic is on and where, or nil.
func (b *board) shelved(topic string) (*shelf, int) {
	for end := strings.LastIndexByte(topic, '/'); end >= 0; end = strings.LastIndexByte(topic[:end], '/') {
		if place := b.slots[topic[:end]]; place != nil && place.shelf != nil {
			below := topic[end+1:]
			if i := slices.IndexFunc(place.shelf.values, func(v standing) bool { return v.topic() == below }); i >= 0 {
				return place.shelf, i
			}
		}
	}
	return nil, 0
}
