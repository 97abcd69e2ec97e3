package mqtttest

import (
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
		b.retained.store(r)
	}
	for _, s := range b.sessions {
		s.deliver(r)
	}
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
