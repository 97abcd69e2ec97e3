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

// mustSendEarly reports whether a value set that was last sent that long ago is sent again
// in spite of MinInterval, so that two lost samples do not let its values expire.
// At the next sample they would be older than a third of their TTL.
func (t Throttle) mustSendEarly(age time.Duration) bool { return age+t.NextSample > t.TTL/3 }

// mustRefresh reports whether an unchanged value of this age is sent again. When
// the set may be sent next, it would be older than a third of its TTL.
func (t Throttle) mustRefresh(age time.Duration) bool {
	return age+max(t.NextSample, t.MinInterval-t.MinInterval/50) > t.TTL/3
}

// A valueSet is the values of one gateway. They share one throttle, so that the
// values at the broker always come from one sample.
type valueSet struct {
	base       string // topic
	throttle   Throttle
	values     []topicValue
	measuredAt time.Time // time of the latest sample
	sentAt     time.Time // when values were last sent
}

// A topicValue is the latest value of a topic and the value the broker has.
type topicValue struct {
	Value
	measuredAt time.Time
	sent       float64   // number of the last message
	sentAt     time.Time // zero if the value must be sent in any case
}

// update stores the values of one sample and returns the topics of those that are
// new. Values that the sample does not contain are kept until they expire.
func (vs *valueSet) update(values []Value, measuredAt time.Time, t Throttle) (added []string) {
	vs.throttle, vs.measuredAt = t, measuredAt
	next := 0 // index of the value that follows the last one in most samples
	for _, v := range values {
		i := vs.index(v.Topic, next)
		if i < 0 {
			i = next
			vs.values = slices.Insert(vs.values, i, topicValue{})
			added = append(added, v.Topic)
		}
		vs.values[i].Value, vs.values[i].measuredAt = v, measuredAt
		next = i + 1
	}
	if len(added) > 0 {
		vs.values = slices.Clone(vs.values) // without spare room: new values are rare
	}
	return added
}

// mustSend reports whether the set must be sent after an update.
func (vs *valueSet) mustSend() bool {
	if age := vs.measuredAt.Sub(vs.sentAt); !hasElapsed(age, vs.throttle.MinInterval) && !vs.throttle.mustSendEarly(age) {
		return false
	}
	for i := range vs.values {
		if vs.isDue(&vs.values[i], vs.measuredAt) {
			return true
		}
	}
	return false
}

// isDue reports whether v must be sent, because it has changed or would expire.
// A value that the latest sample does not contain is not sent again: each
// message restarts Home Assistant's expire_after.
func (vs *valueSet) isDue(v *topicValue, now time.Time) bool {
	age := now.Sub(v.sentAt)
	switch {
	case v.sentAt.IsZero():
		return true
	case !v.measuredAt.Equal(vs.measuredAt):
		return false
	case v.IsCounter:
		return v.Number != v.sent && hasElapsed(age, vs.throttle.CounterInterval)
	}
	return v.Number != v.sent || vs.throttle.mustRefresh(age)
}

// hasElapsed reports whether age has reached interval. It allows 2 %, because
// samples do not arrive at exact intervals.
func hasElapsed(age, interval time.Duration) bool { return age >= interval-interval/50 }

// takeMessages returns the messages to send and marks their values as sent.
func (vs *valueSet) takeMessages(now time.Time) []mqtt.Message {
	ms := make([]mqtt.Message, 0, len(vs.values))
	for i := range vs.values {
		v := &vs.values[i]
		remaining := v.measuredAt.Add(vs.throttle.TTL).Sub(now)
		if !vs.isDue(v, now) || !v.IsCounter && remaining <= 0 {
			continue
		}
		payload := strconv.AppendFloat(make([]byte, 0, 16), v.Number, 'f', -1, 64)
		m := mqtt.Message{Topic: vs.base + "/" + v.Topic, Payload: payload, Retain: true}
		if !v.IsCounter {
			m.Expiry = seconds(remaining)
		}
		v.sent, v.sentAt, vs.sentAt = v.Number, now, now
		ms = append(ms, m)
	}
	return ms
}

// markUnsent makes every value due.
func (vs *valueSet) markUnsent() {
	for i := range vs.values {
		vs.values[i].sentAt = time.Time{}
	}
}

// retainUnsentCounters removes all values except counters that have changed
// since they were sent, and makes those due.
func (vs *valueSet) retainUnsentCounters() {
	vs.values = slices.DeleteFunc(vs.values, func(v topicValue) bool {
		return !v.IsCounter || !v.sentAt.IsZero() && v.Number == v.sent
	})
	vs.markUnsent()
}

// remove removes the value of a topic below base.
func (vs *valueSet) remove(topic string) {
	if i := vs.index(topic, 0); i >= 0 {
		vs.values = slices.Delete(vs.values, i, i+1)
	}
}

// index returns the index of the value of a topic below base, or -1. It looks at
// hint first, because samples contain values in the same order.
func (vs *valueSet) index(topic string, hint int) int {
	if hint < len(vs.values) && vs.values[hint].Topic == topic {
		return hint
	}
	return slices.IndexFunc(vs.values, func(v topicValue) bool { return v.Topic == topic })
}
