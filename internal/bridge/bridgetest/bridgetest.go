// Package bridgetest provides an MQTT 5 broker in memory, for tests.
//
// It talks over net.Pipe, so that it works inside a testing/synctest bubble,
// and it has the faults that a bridge must live with: it drops, freezes,
// refuses and forgets. What a client sends to a frozen broker is kept, as the
// buffers of a socket would keep it, and handled when the broker thaws.
package bridgetest

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// A Broker is an MQTT 5 broker. Its zero value is ready.
//
// It keeps sessions with their subscriptions, Wills with their delay, and
// retained messages until they expire. It does not queue messages for a client
// that is away, nor send a message of QoS 1 again.
type Broker struct {
	// MaximumPacketSize, if not 0, is announced, and a larger packet ends
	// the connection. In bytes.
	MaximumPacketSize uint32
	// NoRetain and NoQoS1 say that the broker announces to support no retained
	// messages, or QoS 0 only. Like Mosquitto it then rejects a CONNECT whose
	// Will asks for them and disconnects a client whose PUBLISH does.
	NoRetain, NoQoS1 bool
	// Delay is how long a message of QoS 1 waits for its answer, as at a small machine.
	Delay time.Duration
	// Keep, if not nil, says which messages Messages returns, for tests with
	// millions of them. All are counted.
	Keep func(Record) bool

	// Rate, if not 0, is how many bytes a second a client is sent.
	Rate int

	mu       sync.Mutex // guards all below, and the clients and sessions
	frozen   bool
	late     []func() // what is to be done when the broker thaws
	refusal  byte
	closed   bool
	denied   map[string]byte
	cut      []string // filters
	clients  map[*client]bool
	sessions map[string]*session
	retained map[string]retained
	records  []Record
	counts   map[string]int
	connects []Connect
	asked    []Subscribe
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
	return near, nil
}

// Drop breaks every connection, as a cut cable does.
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

// Freeze stops the broker: it accepts connections and takes what is sent, but
// does and answers nothing, as one that got a SIGSTOP.
func (b *Broker) Freeze() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frozen = true
}

// Thaw lets the broker go on with what has come in since Freeze.
func (b *Broker) Thaw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frozen = false
	for _, f := range b.late {
		f()
	}
	b.late = nil
}

// Refuse answers each CONNECT with the given reason code; 0 accepts again.
func (b *Broker) Refuse(reason byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refusal = reason
}

// Deny refuses what is published under topics that match filter: QoS 1 with
// the given reason code, QoS 0 silently, and so is a subscription to filter
// itself. Reason 0 allows it again.
func (b *Broker) Deny(filter string, reason byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.denied == nil {
		b.denied = map[string]byte{}
	}
	b.denied[filter] = reason
}

// Cut ends the connection of a client that publishes under topics that match
// filter, or subscribes to filter itself, as some brokers do for what their
// access list forbids.
func (b *Broker) Cut(filter string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cut = append(b.cut, filter)
}

// cuts reports whether Cut was called for topic, a name or a filter.
func (b *Broker) cuts(topic string) bool {
	return slices.ContainsFunc(b.cut, func(filter string) bool { return topic == filter || match(filter, topic) })
}

// Subscribes returns the subscriptions in the order in which they came.
func (b *Broker) Subscribes() []Subscribe {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked)
}

// Forget is a restart of a broker without persistence: all connections break,
// and sessions, Wills and retained messages are gone.
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
	b.do(func() { b.accept(Record{Time: time.Now(), Topic: topic, Payload: payload, Retain: retain}) })
}

// Messages returns the published messages in the order in which they came.
func (b *Broker) Messages() []Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.records)
}

// Discard forgets the messages that Messages would return, for long tests.
func (b *Broker) Discard() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = nil
}

// Count returns how many messages were published under topic.
func (b *Broker) Count(topic string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[topic]
}

// Connects returns the attempts to connect in the order in which they came.
func (b *Broker) Connects() []Connect {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.connects)
}

// Retained returns the message retained under topic and whether there is one
// that has not expired.
func (b *Broker) Retained(topic string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.live()[topic]
	return r.payload, ok
}

// RetainedAll returns the retained messages that have not expired, by topic.
func (b *Broker) RetainedAll() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]string{}
	for topic, r := range b.live() {
		all[topic] = r.payload
	}
	return all
}

// live drops the retained messages that have expired and returns the others.
func (b *Broker) live() map[string]retained {
	now := time.Now()
	maps.DeleteFunc(b.retained, func(_ string, r retained) bool { return !r.expires.IsZero() && !r.expires.After(now) })
	return b.retained
}

// do runs f under the lock: now, or when the broker thaws.
func (b *Broker) do(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.frozen {
		b.late = append(b.late, f)
		return
	}
	f()
}
