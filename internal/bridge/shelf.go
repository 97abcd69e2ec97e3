package bridge

import (
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
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
	schema.Value               // rounded as it is written
	waits        bool          // to be sent
	left         time.Duration // when it was left
}

// stand makes number the value of the i-th point if it is to be sent, and
// reports that.
func (s *shelf) stand(i int, number float64, at time.Duration, p pace) (news bool) {
	v := &s.values[i]
	if v.IsCounter() {
		p = p.lasting()
	}
	if !p.due(at-v.left, number == v.Number) {
		return false
	}
	v.Number, v.left, v.waits = number, at, true
	return true
}

// add puts the first value of a point there.
func (s *shelf) add(p schema.Sensor, number float64, at time.Duration) {
	s.values = append(s.values, standing{schema.Value{Sensor: p, Number: number}, true, at})
}

// again has everything sent once more.
func (s *shelf) again() {
	for i := range s.values {
		s.values[i].waits = true
	}
	s.next = 0
}

// find returns where p stands, or -1. It is looked for at near first.
func (s *shelf) find(p schema.Sensor, near int) int {
	if near < len(s.values) && s.values[near].Sensor == p {
		return near
	}
	return slices.IndexFunc(s.values, func(v standing) bool { return v.Sensor == p })
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
		until := v.left + s.life
		if !v.IsCounter() && until <= now {
			continue
		}
		m := mqtt.Message{Topic: s.topic(v.Sensor), Payload: v.Payload(), Retain: true}
		if !v.IsCounter() {
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

func (s *shelf) topic(p schema.Sensor) string { return s.base + "/" + p.Topic() }

// offerValues is offer for the values of a gateway, whose topics are below base.
// Measurements stand for life.
func (b *board) offerValues(base string, vs []schema.Value, life time.Duration, now time.Time, p pace) {
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
		number := v.Rounded()
		if i := s.find(v.Sensor, near); i >= 0 {
			news = s.stand(i, number, at, p) || news
			continue
		}
		b.drop(b.slots[s.topic(v.Sensor)]) // which would take it from the broker
		s.add(v.Sensor, number, at)
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
			if i := slices.IndexFunc(place.shelf.values, func(v standing) bool { return v.Topic() == below }); i >= 0 {
				return place.shelf, i
			}
		}
	}
	return nil, 0
}
