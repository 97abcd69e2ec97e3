package bridge

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// writeIn bounds a write. The buffers of a socket take megabytes, so a
	// write that waits has a broker that has read nothing for long.
	writeIn = 5 * time.Second
	// lastWords is how long a broker that takes nothing any more may go on
	// talking. What it has said is there already.
	lastWords = time.Second
	// gather is how much a batch gathers before it is written all the same.
	gather = 16 << 10
)

// A conn is the network connection below the MQTT client.
//
// The client locks a conn around each packet, which it writes in pieces. A
// conn gathers them and writes once: one system call, one TLS record, one
// WebSocket frame for each packet. It ends itself on the first error, which it
// remembers, because the client drops some and reports the others late.
type conn struct {
	net.Conn          // what packets travel over: TCP, TLS or WebSocket
	bottom   net.Conn // the same, or what is under it: closing this one sends nothing
	framed   bool     // over WebSocket each packet is a frame of its own
	in       *bufio.Reader
	greeted  bool // the first bytes were looked at
	left     int  // bytes of the packet being read that were not read yet

	mu    sync.Mutex // guards what is to be written
	out   []byte
	first int // where the last packet begins in out
	held  int // how many batches are open

	pings

	ctx context.Context // ends with the connection, and its cause is why
	cut context.CancelCauseFunc
}

func newConn(c, bottom net.Conn, framed bool) *conn {
	ctx, cut := context.WithCancelCause(context.Background())
	return &conn{Conn: c, bottom: bottom, framed: framed, in: bufio.NewReaderSize(c, 512), ctx: ctx, cut: cut}
}

// Lock begins a packet.
func (c *conn) Lock() {
	c.mu.Lock()
	c.first = len(c.out)
}

// Write takes a piece of a packet.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.cause(); err != nil {
		return 0, err
	}
	c.out = append(c.out, p...)
	return len(p), nil
}

// Unlock ends a packet and writes it, unless it can wait for the end of the
// batch: only a PUBLISH of QoS 0 has nobody who waits for an answer.
func (c *conn) Unlock() {
	const kindAndQoS, publishQoS0 = 0xf6, 0x30
	patient := c.first < len(c.out) && c.out[c.first]&kindAndQoS == publishQoS0
	if c.held == 0 || !patient || len(c.out) > gather {
		c.flush()
	}
	c.mu.Unlock()
}

// publish sends m with QoS 0, or gathers it for the end of the batch.
func (c *conn) publish(m Message) error {
	c.Lock()
	if c.cause() == nil {
		c.out = appendPublish(c.out, m)
	}
	c.Unlock()
	return c.cause()
}

// hold opens a batch. Over WebSocket it changes nothing.
func (c *conn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.framed {
		c.held++
	}
}

// release ends a batch and writes what it has gathered.
func (c *conn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held > 0 {
		c.held--
	}
	if c.held == 0 {
		c.flush()
	}
}

// flush writes what was gathered. The caller holds the lock.
func (c *conn) flush() {
	if len(c.out) == 0 {
		return
	}
	err := c.SetWriteDeadline(time.Now().Add(writeIn))
	if err == nil {
		_, err = c.Conn.Write(c.out)
	}
	switch {
	case isGone(err):
		_ = c.SetReadDeadline(time.Now().Add(lastWords)) // Read tells why: by the broker's goodbye or a TLS alert
	case err != nil:
		c.fail(fmt.Errorf("write to the broker: %w", err))
	}
	c.out = c.out[:0]
	if cap(c.out) > 4*gather {
		c.out = nil
	}
}

// Read reads what the broker sends, after a look at its first bytes and at the
// length of each packet, of which the client would reserve as much memory.
func (c *conn) Read(p []byte) (int, error) {
	if !c.greeted {
		c.greeted = true
		if err := c.greet(); err != nil {
			c.fail(err)
			return 0, err
		}
	}
	if c.left == 0 {
		if err := c.begin(); err != nil {
			return 0, c.lost(err)
		}
	}
	n, err := c.in.Read(p[:min(len(p), c.left)])
	c.left -= n
	c.heard()
	return n, c.lost(err)
}

// begin looks at the length of the packet that comes next.
func (c *conn) begin() error {
	const shortest, longest = 2, 5 // bytes of a header
	for n := shortest; n <= longest; n++ {
		header, err := c.in.Peek(n)
		if err != nil {
			return err
		}
		if remaining, size := binary.Uvarint(header[1:]); size > 0 {
			if c.left = 1 + size + int(remaining); c.left > maxPacket {
				return fmt.Errorf("%w: %d bytes", errLargePacket, c.left)
			}
			return nil
		}
	}
	return errors.New("a packet whose length is malformed")
}

// lost ends the connection unless err is nil, and returns err.
func (c *conn) lost(err error) error {
	if isGone(err) {
		c.fail(fmt.Errorf("%w: %w", errHungUp, err))
	} else if err != nil {
		c.fail(fmt.Errorf("read from the broker: %w", err))
	}
	return err
}

var (
	errHungUp      = errors.New("the broker closed the connection")
	errLargePacket = fmt.Errorf("a packet larger than the %d bytes that the broker was told to send at most", maxPacket)
)

// What a broker's first bytes give away. The MQTT client itself would report
// each of these as EOF or as a malformed packet.
var (
	errOldBroker = errors.New("the broker speaks only MQTT 3.1.1; MQTT 5 is needed (Mosquitto 1.6 or newer, EMQX, HiveMQ, VerneMQ, NanoMQ)")
	errWantsTLS  = errors.New("the broker speaks TLS on this port: use mqtts:// (or wss://)")
	errHTTP      = errors.New("a web server answers on this port, not an MQTT broker: check the port, or use ws:// for MQTT over WebSocket")
	errNotMQTT   = errors.New("what answers on this port is not an MQTT broker: check host and port")
	errSilent    = errors.New("the broker ended the connection without an answer: it may not speak MQTT 5, or speak TLS on this port (mqtts://), or not let this machine in")
)

// greet looks at the first four bytes: the CONNACK of MQTT 3.1.1 has two bytes
// after its header, that of MQTT 5 at least three.
func (c *conn) greet() error {
	const connack, auth, disconnect, alert = 0x20, 0xf0, 0xe0, 0x15
	b, err := c.in.Peek(4)
	if len(b) == 0 {
		if isGone(err) {
			return fmt.Errorf("%w: %w", errSilent, err)
		}
		return err
	}
	switch {
	case len(b) > 1 && b[0] == connack && b[1] == 2:
		return errOldBroker
	case len(b) > 1 && b[0] == alert && b[1] == 3:
		return errWantsTLS
	case string(b) == "HTTP":
		return errHTTP
	case b[0] != connack && b[0] != auth && b[0] != disconnect:
		return errNotMQTT
	}
	return nil
}

// fail ends the connection for the given reason, which only the first gives.
// Nothing more is sent, so the broker publishes the Will.
func (c *conn) fail(reason error) {
	c.cut(reason)
	c.bottom.Close()
	c.end()
}

// Close ends the connection in the manner of its kind.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.fail(net.ErrClosed)
	return err
}

// cause returns why the connection has ended, or nil while it has not.
func (c *conn) cause() error { return context.Cause(c.ctx) }
