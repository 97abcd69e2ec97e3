package mqtttest

import (
	"strings"
	"time"

	"github.com/eclipse/paho.golang/packets"
)

// A Record is a published message.
type Record struct {
	Time    time.Time // when the broker handled it
	Client  string    // the client's id; "" for Publish
	Topic   string
	Payload string
	Retain  bool
	QoS     byte
	Expiry  uint32 // in seconds; 0 means none
	Will    bool   // published by the broker for a lost client
}

// A Connect is a received CONNECT and its answer.
type Connect struct {
	Time           time.Time
	ClientID       string
	Username       string
	CleanStart     bool
	KeepAlive      uint16 // in seconds
	SessionExpiry  uint32 // in seconds
	ReceiveMaximum uint16 // 0 means not sent
	WillDelay      uint32 // in seconds
	Reason         byte   // of CONNACK; 0 means accepted
}

// A Subscribe is a received subscription.
type Subscribe struct {
	Filter         string
	RetainHandling byte
	NoLocal        bool
}

// retained is a retained message.
type retained struct {
	payload string
	qos     byte
	expires time.Time // zero means never
}

// publish records a message, stores it if it is retained, and delivers it.
func (b *Broker) publish(r Record) {
	if b.counts == nil {
		b.counts = map[string]int{}
	}
	b.counts[r.Topic]++
	if b.Keep == nil || b.Keep(r) {
		b.records = append(b.records, r)
	}
	if r.Retain {
		b.retain(r)
	}
	for _, s := range b.sessions {
		s.deliver(r)
	}
}

// retain stores a message. An empty payload removes the stored one.
func (b *Broker) retain(r Record) {
	if r.Payload == "" {
		delete(b.retained, r.Topic)
		return
	}
	if b.retained == nil {
		b.retained = map[string]retained{}
	}
	kept := retained{payload: r.Payload, qos: r.QoS}
	if r.Expiry > 0 {
		kept.expires = r.Time.Add(time.Duration(r.Expiry) * time.Second)
	}
	b.retained[r.Topic] = kept
}

// denial returns why a topic is denied, or 0.
func (b *Broker) denial(topic string) byte {
	for filter, reason := range b.denied {
		if reason != 0 && match(filter, topic) {
			return reason
		}
	}
	return 0
}

// match reports whether a topic matches a filter with the wildcards + and #.
// Wildcards do not match a topic whose first level begins with $.
func match(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") && !strings.HasPrefix(filter, "$") {
		return false
	}
	f, t := strings.Split(filter, "/"), strings.Split(topic, "/")
	for i, level := range f {
		if level == "#" {
			return true
		}
		if i >= len(t) || level != "+" && level != t[i] {
			return false
		}
	}
	return len(f) == len(t)
}

// size returns the size of a packet, in bytes.
func size(p *packets.ControlPacket) uint32 {
	var n counter
	_, _ = p.WriteTo(&n) // a counter returns no error
	return uint32(n)
}

type counter uint32

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// value returns what p points to, or zero.
func value[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}
