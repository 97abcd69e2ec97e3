package mqtttest

import (
	"maps"
	"time"
)

// retained is a retained message.
type retained struct {
	payload string
	qos     byte
	expires time.Time // zero means never
}

// retainedMessages are the retained messages by topic.
type retainedMessages map[string]retained

// store stores a message. An empty payload removes the stored one.
func (m *retainedMessages) store(r Record) {
	if r.Payload == "" {
		delete(*m, r.Topic)
		return
	}
	if *m == nil {
		*m = retainedMessages{}
	}
	kept := retained{payload: r.Payload, qos: r.QoS}
	if r.Expiry > 0 {
		kept.expires = r.Time.Add(time.Duration(r.Expiry) * time.Second)
	}
	(*m)[r.Topic] = kept
}

// unexpired removes the messages that have expired and returns the others.
func (m retainedMessages) unexpired() map[string]retained {
	now := time.Now()
	maps.DeleteFunc(m, func(_ string, r retained) bool { return !r.expires.IsZero() && !r.expires.After(now) })
	return m
}
