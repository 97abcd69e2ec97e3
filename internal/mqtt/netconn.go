package mqtt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/gorilla/websocket"
)

const (
	// writeTimeout limits a write. The buffers of a socket take megabytes: a write
	// that blocks means that the broker has not read for a long time.
	writeTimeout = 5 * time.Second
	// drainTimeout limits reading after a failed write: the broker may have sent
	// the reason.
	drainTimeout = time.Second
	// maxBatch is the size from which a batch is written before its end, in bytes.
	maxBatch = 16 << 10
)

// A netConn is the network connection below paho.
//
// Paho locks it around each packet and writes the packet in pieces. A netConn
// joins them: one system call, one TLS record, one WebSocket frame for each
// packet. It closes itself on the first error and keeps the error, because paho
// drops some errors and reports others late.
type netConn struct {
	net.Conn           // TCP, TLS or WebSocket
	raw       net.Conn // the TCP connection below; closing it sends nothing
	websocket bool     // each packet is a frame

	reader    *bufio.Reader
	sniffed   bool // sniffServer has been called
	remaining int  // bytes of the current packet that were not read yet

	mu          sync.Mutex // guards buf, packetStart and batchDepth
	buf         []byte     // packets to write
	packetStart int        // index of the last packet in buf
	batchDepth  int        // open batches

	pings pings

	ctx    context.Context // ends with the connection; its cause is the reason
	cancel context.CancelCauseFunc
}

func newNetConn(c, raw net.Conn, websocket bool) *netConn {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &netConn{Conn: c, raw: raw, websocket: websocket, reader: bufio.NewReaderSize(c, 512), ctx: ctx, cancel: cancel}
}

// Lock begins a packet. Paho calls it.
func (c *netConn) Lock() {
	c.mu.Lock()
	c.packetStart = len(c.buf)
}

// Write appends a piece of a packet. The caller holds the lock.
func (c *netConn) Write(p []byte) (int, error) {
	if err := c.Err(); err != nil {
		return 0, err
	}
	c.buf = append(c.buf, p...)
	return len(p), nil
}

// Unlock ends a packet and writes it. Within a batch it defers a PUBLISH of
// QoS 0, the only packet without an answer that a caller waits for.
func (c *netConn) Unlock() {
	const kindAndQoS, publishQoS0 = 0xf6, 0x30
	deferrable := c.packetStart < len(c.buf) && c.buf[c.packetStart]&kindAndQoS == publishQoS0
	if c.batchDepth == 0 || !deferrable || len(c.buf) > maxBatch {
		c.flush()
	}
	c.mu.Unlock()
}

// publish writes m with QoS 0. Within a batch it may defer the write.
func (c *netConn) publish(m Message) error {
	c.Lock()
	if c.Err() == nil {
		c.buf = appendPublish(c.buf, m)
	}
	c.Unlock()
	return c.Err()
}

// beginBatch begins a batch. WebSocket has no batches.
func (c *netConn) beginBatch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.websocket {
		c.batchDepth++
	}
}

// endBatch ends a batch. The end of the outermost batch writes the deferred packets.
func (c *netConn) endBatch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.batchDepth > 0 {
		c.batchDepth--
	}
	if c.batchDepth == 0 {
		c.flush()
	}
}

// flush writes buf. The caller holds the lock.
func (c *netConn) flush() {
	if len(c.buf) == 0 {
		return
	}
	err := c.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err == nil {
		_, err = c.Conn.Write(c.buf)
	}
	switch {
	case isConnClosed(err):
		_ = c.SetReadDeadline(time.Now().Add(drainTimeout)) // Read finds the reason: DISCONNECT or a TLS alert
	case err != nil:
		c.closeWithError(fmt.Errorf("write to the broker: %w", err))
	}
	c.buf = c.buf[:0]
	if cap(c.buf) > 4*maxBatch {
		c.buf = nil
	}
}

// ping sends a PINGREQ and returns a channel that is closed when the broker has
// answered, or when the connection has ended. Without an answer it ends with
// ErrPingTimeout.
func (c *netConn) ping() <-chan struct{} {
	done := c.pings.add(func() { c.closeWithError(ErrPingTimeout) })
	_, _ = packets.NewControlPacket(packets.PINGREQ).WriteTo(c) // an error closes c
	return done
}

// closeWithError closes the connection; only the first reason counts. It sends
// nothing, so that the broker publishes the Will.
func (c *netConn) closeWithError(reason error) {
	c.cancel(reason)
	c.raw.Close()
	c.pings.close()
}

// Close closes the connection with the messages of TLS and WebSocket.
func (c *netConn) Close() error {
	err := c.Conn.Close()
	c.closeWithError(net.ErrClosed)
	return err
}

// Err returns why the connection has ended, or nil while it has not.
func (c *netConn) Err() error { return context.Cause(c.ctx) }

// isConnClosed reports whether err means that the other side has closed the
// connection.
func isConnClosed(err error) bool {
	_, closed := errors.AsType[*websocket.CloseError](err)
	return closed || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
