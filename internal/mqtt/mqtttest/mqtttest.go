// Package mqtttest provides an MQTT 5 broker in memory, for tests.
//
// It uses net.Pipe, so that it works inside a testing/synctest bubble. It
// simulates the faults of a broker: dropped connections, a frozen process,
// rejected packets, a restart without persistence.
package mqtttest

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A Broker is an MQTT 5 broker. Its zero value is ready.
//
// It has sessions with subscriptions, Wills with a delay and retained messages
// that expire. It does not queue messages for a disconnected client, and does
// not resend messages of QoS 1.
type Broker struct {
	// MaximumPacketSize, if not 0, is announced to clients, in bytes. A larger
	// packet ends the connection.
	MaximumPacketSize uint32
	// ReceiveMaximum, if not 0, is announced to clients. A client that sends more
	// messages of QoS 1 before the PUBACK of the first is disconnected.
	ReceiveMaximum uint16
	// NoRetain and NoQoS1 announce that retained messages or QoS 1 are not
	// supported. Like Mosquitto, the broker then rejects a CONNECT whose Will uses
	// them and disconnects a client whose PUBLISH does.
	NoRetain, NoQoS1 bool
	// Delay is the time before the PUBACK of a message of QoS 1.
	Delay time.Duration
	// Keep, if not nil, selects the messages that Messages returns, for tests with
	// millions of them. Count counts all.
	Keep func(Record) bool

	// Rate, if not 0, limits what a client is sent, in bytes per second. SendRate
	// limits what a client sends, behind a buffer that takes everything; it needs a
	// synctest bubble.
	Rate, SendRate int

	mu         sync.Mutex // guards the fields below, and those of clients and sessions
	frozen     bool
	deferred   []func() // called by Thaw
	refusal    byte
	closed     bool
	access     accessList
	clients    map[*client]bool
	sessions   map[string]*session
	retained   retainedMessages
	records    []Record
	counts     map[string]int
	connects   []Connect
	subscribes []Subscribe
}

// Dial connects a client. The network and the address do not matter.
func (b *Broker) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errors.New("connection refused")
	}
	near, far := net.Pipe()
	c := &client{broker: b, conn: far, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if b.clients == nil {
		b.clients = map[*client]bool{}
	}
	b.clients[c] = true
	go c.read()
	go c.write()
	return pipe{near}, nil
}

// A pipe is the client's end of a connection. Like a socket, it reports EPIPE if
// the broker has closed the connection.
type pipe struct{ net.Conn }

func (p pipe) Write(b []byte) (int, error) {
	n, err := p.Conn.Write(b)
	if errors.Is(err, io.ErrClosedPipe) {
		err = syscall.EPIPE
	}
	return n, err
}

// Drop breaks every connection without DISCONNECT.
func (b *Broker) Drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.clients {
		c.conn.Close()
	}
}

// Close drops every connection and refuses new ones, until Open. A test that
// ends with a connected client or a frozen broker closes the broker.
func (b *Broker) Close() {
	b.Thaw()
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.Drop()
}

// Open accepts connections again after Close.
func (b *Broker) Open() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = false
}

// Freeze stops the broker like a SIGSTOP: it accepts connections and stores what
// it receives, as the buffers of a socket would, but answers nothing.
func (b *Broker) Freeze() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frozen = true
}

// Thaw ends Freeze: the broker handles what it has received since.
func (b *Broker) Thaw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frozen = false
	for _, f := range b.deferred {
		f()
	}
	b.deferred = nil
}

// Refuse rejects each CONNECT with the given reason code; 0 accepts again.
func (b *Broker) Refuse(reason byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refusal = reason
}

// Deny rejects messages whose topic matches filter, and a subscription to filter
// itself, with the given reason code. Messages of QoS 0 are dropped. Reason 0
// allows them again.
func (b *Broker) Deny(filter string, reason byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.access.deny(filter, reason)
}

// Cut disconnects a client that publishes to a topic that matches filter, or
// subscribes to filter itself. Some brokers do so for what their access list forbids.
// An empty filter ends that for all filters.
func (b *Broker) Cut(filter string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if filter == "" {
		b.access.cut = nil
		return
	}
	b.access.cut = append(b.access.cut, filter)
}

// Subscribes returns the subscriptions in order of arrival.
func (b *Broker) Subscribes() []Subscribe {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.subscribes)
}

// Forget restarts the broker without persistence: connections, sessions, Wills
// and retained messages are lost.
func (b *Broker) Forget() {
	b.mu.Lock()
	for _, s := range b.sessions {
		s.client, s.will = nil, nil
	}
	b.sessions, b.retained = nil, nil
	b.mu.Unlock()
	b.Drop()
}

// Publish publishes a message with QoS 0 as another client would.
func (b *Broker) Publish(topic, payload string, retain bool) {
	b.do(func() { b.publish(Record{Time: time.Now(), Topic: topic, Payload: payload, Retain: retain}) })
}

// Messages returns the published messages in order of arrival.
func (b *Broker) Messages() []Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.records)
}

// Discard deletes the messages that Messages would return, for long tests.
func (b *Broker) Discard() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = nil
}

// Count returns how many messages were published to topic.
func (b *Broker) Count(topic string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[topic]
}

// Connects returns the attempts to connect in order of arrival.
func (b *Broker) Connects() []Connect {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.connects)
}

// Retained returns the retained message of topic and whether there is one that
// has not expired.
func (b *Broker) Retained(topic string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.retained.unexpired()[topic]
	return r.payload, ok
}

// RetainedAll returns the retained messages that have not expired, by topic.
func (b *Broker) RetainedAll() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]string{}
	for topic, r := range b.retained.unexpired() {
		all[topic] = r.payload
	}
	return all
}

// do calls f with the lock held: at once, or by Thaw if the broker is frozen.
func (b *Broker) do(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.frozen {
		b.deferred = append(b.deferred, f)
		return
	}
	f()
}
