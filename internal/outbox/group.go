package outbox

import (
	"slices"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A Value is one retained value of a gateway. Its payload is the shortest decimal
// form of Number.
type Value struct {
	Topic     string // below the base topic of the gateway
	Number    float64
	IsCounter bool // a counter does not expire and is sent less often
}

// A Throttle limits how often the values of a gateway are sent.
type Throttle struct {
	MinInterval     time.Duration // between two messages of a value
	CounterInterval time.Duration // between two messages of a counter
	TTL             time.Duration // message expiry of values other than counters
	NextSample      time.Duration // until the next sample is due
}

// mustSendEarly reports whether a group that was last sent that long ago is sent again
// in spite of MinInterval, so that two lost samples do not let its values expire.
// At the next sample they would be older than a third of their TTL.
func (t Throttle) mustSendEarly(age time.Duration) bool { return age+t.NextSample > t.TTL/3 }

// mustRefresh reports whether an unchanged value of this age is sent again. When
// the group may be sent next, it would be older than a third of its TTL.
func (t Throttle) mustRefresh(age time.Duration) bool {
	return age+max(t.NextSample, t.MinInterval-t.MinInterval/50) > t.TTL/3
}

// A group is the values of one gateway. They share one throttle, so that the
// values at the broker always come from one sample.
type group struct {
	base       string // topic
	throttle   Throttle
	values     []groupValue
	measuredAt time.Time // time of the latest sample
	sentAt     time.Time // when values were last sent
}

// A groupValue is the latest value of a topic and the value the broker has.
type groupValue struct {
	Value
	measuredAt time.Time
	sent       float64   // number of the last message
	sentAt     time.Time // zero if the value must be sent in any case
}

// update stores the values of one sample and returns the topics of those that are
// new. Values that the sample does not contain are kept until they expire.
func (g *group) update(values []Value, measuredAt time.Time, t Throttle) (added []string) {
	g.throttle, g.measuredAt = t, measuredAt
	next := 0 // index of the value that follows the last one in most samples
	for _, v := range values {
		i := g.index(v.Topic, next)
		if i < 0 {
			i = next
			g.values = slices.Insert(g.values, i, groupValue{})
			added = append(added, v.Topic)
		}
		g.values[i].Value, g.values[i].measuredAt = v, measuredAt
		next = i + 1
	}
	if len(added) > 0 {
		g.values = slices.Clone(g.values) // without spare room: new values are rare
	}
	return added
}

// mustSend reports whether the group must be sent after an update.
func (g *group) mustSend() bool {
	if age := g.measuredAt.Sub(g.sentAt); !hasElapsed(age, g.throttle.MinInterval) && !g.throttle.mustSendEarly(age) {
		return false
	}
	for i := range g.values {
		if g.isDue(&g.values[i], g.measuredAt) {
			return true
		}
	}
	return false
}

// isDue reports whether v must be sent, because it has changed or would expire.
// A value that the latest sample does not contain is not sent again: each
// message restarts Home Assistant's expire_after.
func (g *group) isDue(v *groupValue, now time.Time) bool {
	age := now.Sub(v.sentAt)
	switch {
	case v.sentAt.IsZero():
		return true
	case !v.measuredAt.Equal(g.measuredAt):
		return false
	case v.IsCounter:
		return v.Number != v.sent && hasElapsed(age, g.throttle.CounterInterval)
	}
	return v.Number != v.sent || g.throttle.mustRefresh(age)
}

// hasElapsed reports whether age has reached interval. It allows 2 %, because
// samples do not arrive at exact intervals.
func hasElapsed(age, interval time.Duration) bool { return age >= interval-interval/50 }

// takeMessages returns the messages to send and marks their values as sent.
func (g *group) takeMessages(now time.Time) []mqtt.Message {
	ms := make([]mqtt.Message, 0, len(g.values))
	for i := range g.values {
		v := &g.values[i]
		remaining := v.measuredAt.Add(g.throttle.TTL).Sub(now)
		if !g.isDue(v, now) || !v.IsCounter && remaining <= 0 {
			continue
		}
		payload := strconv.AppendFloat(make([]byte, 0, 16), v.Number, 'f', -1, 64)
		m := mqtt.Message{Topic: g.base + "/" + v.Topic, Payload: payload, Retain: true}
		if !v.IsCounter {
			m.Expiry = seconds(remaining)
		}
		v.sent, v.sentAt, g.sentAt = v.Number, now, now
		ms = append(ms, m)
	}
	return ms
}

// markUnsent makes every value due.
func (g *group) markUnsent() {
	for i := range g.values {
		g.values[i].sentAt = time.Time{}
	}
}

// retainUnsentCounters removes all values except counters that have changed
// since they were sent, and makes those due.
func (g *group) retainUnsentCounters() {
	g.values = slices.DeleteFunc(g.values, func(v groupValue) bool {
		return !v.IsCounter || !v.sentAt.IsZero() && v.Number == v.sent
	})
	g.markUnsent()
}

// remove removes the value of a topic below base.
func (g *group) remove(topic string) {
	if i := g.index(topic, 0); i >= 0 {
		g.values = slices.Delete(g.values, i, i+1)
	}
}

// index returns the index of the value of a topic below base, or -1. It looks at
// hint first, because samples contain values in the same order.
func (g *group) index(topic string, hint int) int {
	if hint < len(g.values) && g.values[hint].Topic == topic {
		return hint
	}
	return slices.IndexFunc(g.values, func(v groupValue) bool { return v.Topic == topic })
}
