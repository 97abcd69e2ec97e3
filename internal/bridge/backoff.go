package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"
	"github.com/eclipse/paho.golang/paho/session/state"
	"github.com/eclipse/paho.golang/paho/store/memory"
)

const (
	sessionExpiry = 60 // in seconds; longer than willDelay, which the session's end would cut short
	willDelay     = 5  // in seconds; a reconnect that is quicker does not show as offline
	inFlight      = 16 // messages that the broker may send ahead; the client reserves memory for each
	// ackIn is how long the broker may take to answer CONNECT, SUBSCRIBE or a
	// PUBLISH of QoS 1.
	ackIn = 10 * time.Second
)

// connect starts to connect to the broker and returns at once; it returns an
// error only for a configuration that cannot be right. The link lives until
// close, whatever becomes of ctx. A will without a topic is none.
func connect(ctx context.Context, cfg MQTT, will Message, ev events) (*link, error) {
	if cfg.Locate != nil {
		cfg.URL = new(url.URL) // until it is known
	} else if err := cfg.check(); err != nil {
		return nil, err
	}
	l := &link{cfg: cfg, ev: ev, ask: everything}
	l.locating, l.stopLocating = context.WithCancel(context.WithoutCancel(ctx))
	user, password := cfg.login()
	pc := autopaho.ClientConfig{
		ServerUrls:            []*url.URL{cfg.server()},
		KeepAlive:             keepAlive,
		SessionExpiryInterval: sessionExpiry,
		ConnectTimeout:        dialIn + ackIn,
		ReconnectBackoff:      l.pause,
		ConnectUsername:       user,
		ConnectPassword:       []byte(password),
		ConnectPacketBuilder:  l.prepare,
		AttemptConnection:     l.attempt,
		OnConnectionUp:        l.wentUp,
		OnConnectionDown:      l.wentDown,
		OnConnectError:        l.wasRefused,
		ClientConfig: paho.ClientConfig{
			ClientID:          cfg.ClientID,
			Session:           newSession(l),
			PingHandler:       pinger{l},
			PacketTimeout:     ackIn,
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){l.received},
		},
	}
	if will.Topic != "" {
		pc.WillMessage = &paho.WillMessage{Topic: will.Topic, Payload: will.Payload, QoS: will.QoS, Retain: will.Retain}
		pc.WillProperties = &paho.WillProperties{WillDelayInterval: new(uint32(willDelay))}
	}
	var err error
	if l.cm, err = autopaho.NewConnection(context.WithoutCancel(ctx), pc); err != nil {
		l.stopLocating()
		return nil, fmt.Errorf("mqtt: %w", err)
	}
	return l, nil
}

// attempt makes one connection.
func (l *link) attempt(ctx context.Context, _ autopaho.ClientConfig, _ *url.URL) (net.Conn, error) {
	l.conn.Store(nil)
	c, err := l.cfg.dial(ctx)
	if err != nil {
		return nil, err
	}
	l.conn.Store(c)
	if l.closing.Load() {
		c.fail(errClosed) // close may have looked before the connection was there
		return nil, errClosed
	}
	return c, nil
}

// wentUp starts events.up on its own goroutine, which lasts as long as the
// connection: the client's manager must not be held up.
func (l *link) wentUp(cm *autopaho.ConnectionManager, ack *paho.Connack) {
	l.backoff.up = time.Now()
	o := &online{cm: cm, conn: l.conn.Load(), told: make(chan struct{}), limits: l.ask}
	l.ask = everything
	if p := ack.Properties; p != nil {
		o.retainAvailable = o.retainAvailable && p.RetainAvailable
		if p.MaximumPacketSize != nil {
			o.maxPacket = *p.MaximumPacketSize
		}
		if p.MaximumQoS != nil {
			o.maxQoS = min(*p.MaximumQoS, o.maxQoS)
		}
	}
	o.ctx, o.cancel = context.WithCancel(o.conn.ctx)
	l.online.Store(o)
	go func() {
		defer close(o.told)
		if l.ev.up != nil && !l.closing.Load() {
			l.ev.up(o.ctx, o.limits)
		}
	}()
}

// wentDown reports whether to connect again.
func (l *link) wentDown() bool {
	o := l.online.Swap(nil)
	o.end()
	if l.closing.Load() {
		return false
	}
	err := o.conn.cause()
	l.fresh = errors.Is(err, errLargePacket) // the session would send it again
	if l.backoff.unexplained(err) {
		err = fmt.Errorf("%w; it closed three connections in a row within a minute and gave no reason: another client may use the client id %s, the broker's access list may forbid what is sent, or the broker may be restarting", err, l.cfg.ClientID)
	}
	if l.ev.down != nil {
		l.ev.down(err)
	}
	return true
}

// end ends what belongs to the connection and waits for it.
func (o *online) end() {
	o.cancel()
	<-o.told
}

// pause returns how long to wait before the attempt of the given number.
func (l *link) pause(attempt int) time.Duration {
	if l.again {
		l.again = false
		return 0
	}
	return l.backoff.wait(attempt)
}

// wasRefused says in words why an attempt came to nothing. A broker that
// rejects the Will for its QoS or its retain flag is asked again without.
func (l *link) wasRefused(err error) {
	ack, answered := errors.AsType[*autopaho.ConnackError](err)
	if l.again = answered && l.ask.without(reason(ack.ReasonCode)); l.again {
		return
	}
	l.ask = everything
	if l.ev.refused == nil || l.closing.Load() {
		return
	}
	c := l.conn.Load()
	if lost, ok := errors.AsType[*locateError](err); ok {
		l.ev.refused(lost.error)
		return
	}
	switch {
	case answered:
		err = reason(ack.ReasonCode) // the broker's own words could name the account
	case c != nil && errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("something takes connections on this port but does not answer as an MQTT broker within %v", ackIn)
	case c != nil && c.cause() != nil:
		err = explain(c.cause())
	default:
		err = explain(errors.Unwrap(err)) // the outermost is the client's and names the URL, as we do
	}
	l.ev.refused(fmt.Errorf("%s: %w", l.cfg.server(), err))
}

// A session is the client's memory of what was sent and not yet answered. It
// ends with the connection, though the broker's session goes on: otherwise the
// client would send it all again, old messages and such as the broker rejects,
// and who waits for the answer would wait for ackIn.
type session struct {
	*state.State
	link *link
	sent *memory.Store
}

func newSession(l *link) *session {
	sent := memory.New()
	return &session{state.New(sent, memory.New()), l, sent}
}

// ConAckReceived begins a connection.
func (s *session) ConAckReceived(w io.Writer, p *packets.Connect, ack *packets.Connack) error {
	s.forget()
	return s.State.ConAckReceived(w, p, ack)
}

// ConnectionLost ends a connection; d is the broker's goodbye or nil. It comes
// before the client tells anybody else, and only here is the reason complete.
func (s *session) ConnectionLost(d *packets.Disconnect) error {
	if d != nil {
		s.link.conn.Load().fail(reason(d.ReasonCode))
	}
	s.forget()
	return nil
}

// forget answers all who wait, with nothing.
func (s *session) forget() {
	_ = s.Close()      // returns nil
	_ = s.sent.Reset() // as does a store in memory
}

const (
	// stable is how long a connection must last to be no flap.
	stable = time.Minute
	// freeFlaps is how many flaps in a row are no reason to wait longer: a broker
	// may be restarted several times.
	freeFlaps = 5
	// slowest is the longest wait between two attempts to connect.
	slowest = time.Minute
)

// A backoff says how long to wait before an attempt to connect. It remembers
// connections that did not last: an attempt that succeeds and is cut off at
// once, as by another client with the same client id, is no success.
type backoff struct {
	up    time.Time // when the last connection was made; zero before the first
	lost  time.Time // when it was lost, or when the first attempt was made
	flaps int       // connections in a row that did not last
	mute  int       // connections in a row that did not last and that the broker closed without a reason
}

// unexplained reports whether a connection that was lost is the third in a row,
// or a later one, that did not last and that the broker closed without a reason.
func (b *backoff) unexplained(err error) bool {
	if b.mute++; time.Since(b.up) >= stable || !errors.Is(err, errHungUp) {
		b.mute = 0
	}
	return b.mute >= 3
}

// wait returns how long to wait before the attempt of the given number, which
// begins at 0 with every loss of a connection: up to a quarter of the time
// since the loss, so that a broker which was away briefly is found at once, or
// twice as long with each flap, if that is longer.
func (b *backoff) wait(attempt int) time.Duration {
	if attempt == 0 {
		b.lost = time.Now()
		switch {
		case b.up.IsZero():
			return 0
		case time.Since(b.up) < stable:
			b.flaps++
		default:
			b.flaps = 0
		}
	}
	doublings := min(max(b.flaps-freeFlaps, 0), 6) // 64 s is beyond slowest
	d := min(max(time.Second<<doublings, time.Since(b.lost)/4), slowest)
	return d/2 + rand.N(d/2)
}
