package outbox

import (
	"bytes"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// An Entry is the latest content of one retained topic. It is sent with QoS 1.
type Entry struct {
	Topic    string
	Payload  []byte        // an empty payload removes the topic from the broker
	Encode   func() []byte // if not nil, returns the payload at the time of sending; must be a pure function of immutable data
	Expires  time.Time     // the entry is not sent after this time; the zero time means never
	Priority Priority
}

// Retained returns an entry that does not expire.
func Retained(p Priority, topic, payload string) Entry {
	return Entry{Topic: topic, Payload: []byte(payload), Priority: p}
}

// A Priority is the position of an entry in the order of sending after a
// reconnect. Later changes are sent in the order in which they are made.
type Priority int8

// The order of sending after a reconnect. Home Assistant needs the discovery
// documents before the states, and the states before the availability.
const (
	Discovery    Priority = iota - 1 // discovery documents
	State                            // values, info and device documents; the default
	Availability                     // availability of the gateways
	BridgeState                      // state of the bridge
)

// An item is an entry or a value set, and its place in the queue.
type item struct {
	Entry
	values         *valueSet // if not nil, the messages are of these and Payload is not used
	setAt          time.Time // when the content was last replaced
	number         uint32    // order of creation
	revision       uint32    // incremented by each change
	isAcknowledged bool      // the broker has acknowledged the latest revision
	isQueued       bool
}

// removesTopic reports whether sending i removes its topic from the broker.
func (i *item) removesTopic() bool {
	return i.values == nil && i.Encode == nil && len(i.Payload) == 0
}

// isChange reports whether payload differs from the content of i and minInterval
// has passed since that was set.
func (i *item) isChange(payload []byte, now time.Time, minInterval time.Duration) bool {
	return i.removesTopic() || !bytes.Equal(payload, i.Payload) && hasElapsed(now.Sub(i.setAt), minInterval)
}

// takeMessages returns the messages to send, or none if i has expired. A message
// whose payload Encode returns has no payload yet.
func (i *item) takeMessages(now time.Time) []mqtt.Message {
	if i.values != nil {
		return i.values.takeMessages(now)
	}
	m := mqtt.Message{Topic: i.Topic, Payload: i.Payload, Retain: true, QoS: 1}
	if !i.Expires.IsZero() {
		remaining := i.Expires.Sub(now)
		if remaining <= 0 {
			return nil
		}
		m.Expiry = seconds(remaining)
	}
	return []mqtt.Message{m}
}

// seconds rounds d up to whole seconds, as MQTT counts.
func seconds(d time.Duration) uint32 {
	return uint32((d + time.Second - 1) / time.Second)
}
