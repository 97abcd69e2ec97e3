package bridge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

// maxPacket is the largest packet sent or taken, in bytes. A broker that is sent
// more than it takes ends the connection, whether it has said a limit or not.
const maxPacket = 256 << 10

// MQTT says where to publish.
type MQTT struct {
	// URL is the broker's. Its scheme is mqtt or tcp (port 1883), mqtts, tls
	// or ssl (8883), ws (80) or wss (443).
	URL *url.URL
	// Locate, if not nil, is asked for the URL, with a user name and password
	// in it, before every attempt to connect; URL need not be set then.
	Locate   func(ctx context.Context) (*url.URL, error)
	ClientID string
	// Username and Password are the broker's; without a Username those of URL
	// are used.
	Username, Password string
	TLS                *tls.Config // nil is the usual one: the system's roots
	// Dial makes the connection under TLS and WebSocket, in place of a
	// net.Dialer. It must obey ctx.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A Message is one MQTT publication.
type Message struct {
	Topic   string
	Payload []byte
	Retain  bool
	QoS     byte   // 0 or 1
	Expiry  uint32 // seconds after which a broker forgets it; 0 is never
}

// events are what a link tells its owner; each may be nil. None is called
// after close has begun, and none may call close.
type events struct {
	// up runs on its own goroutine for each connection made. ctx ends when the
	// connection does; up must then return, for the next attempt waits for it.
	up func(ctx context.Context, l limits)
	// down is told why a connection ended, after up has returned. No attempt
	// to connect is made before down returns.
	down func(error)
	// refused is told of each attempt to connect that came to nothing.
	refused func(error)
	// message gets what the broker sends. It must not block: answers to what
	// was sent wait behind it.
	message func(topic string, payload []byte, retained bool)
}

// limits are what a broker said that it can do.
type limits struct {
	maxPacket       uint32 // in bytes; 0 is none said
	maxQoS          byte
	retainAvailable bool
}

// everything is what a connection asks for.
var everything = limits{maxQoS: 1, retainAvailable: true}

// without removes from l what a broker has rejected a CONNECT for, and reports
// whether l had it.
func (l *limits) without(why reason) bool {
	before := *l
	switch why {
	case noQoS1:
		l.maxQoS = 0
	case noRetain:
		l.retainAvailable = false
	}
	return *l != before
}

// missing names what a broker does not support, or returns "".
func (l limits) missing() string {
	switch {
	case l.maxQoS == 0 && !l.retainAvailable:
		return "QoS 1 and retain"
	case l.maxQoS == 0:
		return "QoS 1"
	case !l.retainAvailable:
		return "retain"
	}
	return ""
}

var (
	errDown   = errors.New("no connection to the broker")
	errClosed = errors.New("the link was closed")
)

// A tooLargeError says that a message is larger than the broker takes. The
// same message will never be sent over this connection.
type tooLargeError struct {
	topic       string
	size, limit int // in bytes
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("publish %s: %d bytes are more than the %d that a packet may have", e.topic, e.size, e.limit)
}

// Problem returns the topic: each topic is a problem of its own.
func (e *tooLargeError) Problem() any { return e.topic }

// A link is a connection to a broker that is made again when it breaks.
//
// Nothing that was sent outlives its connection: a message whose answer is
// missing when the connection ends is an error to its sender and is not sent
// again, because by then there is a newer one.
type link struct {
	cfg     MQTT
	ev      events
	cm      *autopaho.ConnectionManager
	backoff backoff                // used by the manager's goroutine alone
	fresh   bool                   // likewise: the next connection does without the broker's session
	conn    atomic.Pointer[conn]   // the last made, in whatever state; nil when the last attempt made none
	online  atomic.Pointer[online] // the one that the broker has accepted; nil while there is none
	closing atomic.Bool
	ask     limits // what the next CONNECT asks for in its Will; the manager's goroutine's
	again   bool   // the next attempt asks for less and needs no pause; likewise

	locating     context.Context // ends when close begins
	stopLocating context.CancelFunc
}

// online is a connection that the broker has accepted.
type online struct {
	limits
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc
	cm     *autopaho.ConnectionManager
	conn   *conn
	told   chan struct{} // closed when events.up has returned
}

// state returns the connection that is up.
func (l *link) state() (*online, error) {
	if o := l.online.Load(); o != nil && o.conn.cause() == nil {
		return o, nil
	}
	return nil, errDown
}

// publish sends m, without QoS 1 and retain where the broker does not support
// them. With QoS 0 it returns when m is written, or gathered by a
// batch; with QoS 1 when the broker has acknowledged it. It can block on a
// frozen broker: with QoS 0 for writeIn, whatever becomes of ctx.
func (l *link) publish(ctx context.Context, m Message) error {
	o, err := l.state()
	if err != nil {
		return fmt.Errorf("publish %s: %w", m.Topic, err)
	}
	if err := checkTopic(m.Topic); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if size, limit := m.size(), o.packetLimit(); size > limit {
		return &tooLargeError{m.Topic, size, limit}
	}
	m.Retain, m.QoS = m.Retain && o.retainAvailable, min(m.QoS, o.maxQoS)
	if m.QoS == 0 {
		err = o.conn.publish(m)
	} else {
		err = o.await(ctx, func(ctx context.Context) error { return o.publishQoS1(ctx, m) })
	}
	if err != nil {
		return fmt.Errorf("publish %s: %w", m.Topic, err)
	}
	return nil
}

func (o *online) publishQoS1(ctx context.Context, m Message) error {
	p := &paho.Publish{Topic: m.Topic, Payload: m.Payload, Retain: m.Retain, QoS: 1}
	if m.Expiry > 0 {
		p.Properties = &paho.PublishProperties{MessageExpiry: &m.Expiry}
	}
	resp, err := o.cm.Publish(ctx, p)
	if resp != nil && resp.ReasonCode >= failure {
		return reason(resp.ReasonCode)
	}
	if err == nil {
		err = o.conn.cause() // the client does not hear of a write that went wrong
	}
	return err
}

// packetLimit returns how large a packet may be, in bytes.
func (l limits) packetLimit() int {
	if l.maxPacket == 0 {
		return maxPacket
	}
	return min(int(l.maxPacket), maxPacket)
}

// await calls f, which waits for an answer, with a context that ends with ctx,
// with the connection or after ackIn, and says which it was.
func (o *online) await(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(o.ctx, func() { cancel(errDown) })()
	err := f(ctx)
	switch {
	case err == nil:
		return nil
	case o.conn.cause() != nil:
		return fmt.Errorf("%w: %w", errDown, o.conn.cause())
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer from the broker within %v: %w", ackIn, err)
	}
	return err
}

// batch calls f and gathers the messages of QoS 0 that are published meanwhile,
// so that many small ones take one system call. Whatever waits for an answer,
// as a publish with QoS 1 or settled does, goes out at once with all that was
// gathered before it.
func (l *link) batch(f func()) {
	if o, err := l.state(); err == nil {
		o.conn.hold()
		defer o.conn.release()
	}
	f()
}

// settled asks the broker for an answer and returns a channel that is closed
// when it has come, and the broker has thus handled all that was sent before,
// or when the connection has ended, over which nothing more can come. The
// connection ends when nothing comes in answerIn.
func (l *link) settled() <-chan struct{} {
	o, err := l.state()
	if err != nil {
		done := make(chan struct{})
		close(done)
		return done
	}
	return o.conn.ping()
}

// close says goodbye to the broker, so that it does not publish the Will, and
// ends the link. A broker that does not answer before ctx ends gets no goodbye,
// so that the Will speaks; that is an error. No goroutine is left when close
// returns.
func (l *link) close(ctx context.Context) error {
	if l.closing.Swap(true) {
		<-l.cm.Done()
		return nil
	}
	l.stopLocating()
	hangUp := func() {
		if c := l.conn.Load(); c != nil {
			c.fail(errClosed)
		}
	}
	defer context.AfterFunc(ctx, hangUp)() // frees a write that blocks
	o, err := l.state()
	if err == nil {
		o.cancel()
		select {
		case <-o.conn.ping():
			err = o.conn.cause()
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			err = ctx.Err() // not the hanging up that it caused
		}
	}
	if err != nil {
		hangUp()
	}
	_ = l.cm.Disconnect(context.Background()) // ends with the connection, which ctx bounds
	if o := l.online.Swap(nil); o != nil {
		o.end()
	}
	if errors.Is(err, errDown) {
		return nil // there was nobody to say goodbye to
	}
	if err != nil {
		return fmt.Errorf("disconnect: no answer from the broker: %w", err)
	}
	return nil
}
