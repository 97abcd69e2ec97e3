package mqtt

import (
	"context"
	"fmt"

	"github.com/eclipse/paho.golang/paho"
)

// Publish sends m. If the broker does not support QoS 1 or retain, it sends m
// without them. With QoS 0 it returns when m is written, or stored by [Client.Batch];
// with QoS 1 when the broker has acknowledged m. If the broker does not read, it
// blocks: with QoS 0 for up to 5 s, even if ctx ends earlier.
//
// The error is or wraps [ErrNotConnected], [ErrInvalidPacket], a [TooLargeError], a
// [ReasonCode] of the broker, or ctx's error.
func (c *Client) Publish(ctx context.Context, m Message) error {
	conn, err := c.active()
	if err != nil {
		return fmt.Errorf("publish %s: %w", m.Topic, err)
	}
	if err := checkTopic(m.Topic); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if size, limit := m.size(), conn.packetLimit(); size > limit {
		return &TooLargeError{m.Topic, size, limit}
	}
	m.Retain, m.QoS = m.Retain && conn.RetainAvailable, min(m.QoS, conn.MaxQoS)
	if m.QoS == 0 {
		err = conn.netConn.publish(m)
	} else {
		err = conn.waitAck(ctx, func(ctx context.Context) error { return conn.publishQoS1(ctx, m) })
	}
	if err != nil {
		return fmt.Errorf("publish %s: %w", m.Topic, err)
	}
	return nil
}

func (c *connection) publishQoS1(ctx context.Context, m Message) error {
	p := &paho.Publish{Topic: m.Topic, Payload: m.Payload, Retain: m.Retain, QoS: 1}
	if m.Expiry > 0 {
		p.Properties = &paho.PublishProperties{MessageExpiry: &m.Expiry}
	}
	resp, err := c.manager.Publish(ctx, p)
	if resp != nil && resp.ReasonCode >= minFailure {
		return ReasonCode(resp.ReasonCode)
	}
	if err == nil {
		err = c.netConn.Err() // paho does not see a failed write
	}
	return err
}

// Batch calls f and joins the messages of QoS 0 that are published meanwhile,
// so that many small messages need one system call. A packet that the broker
// answers, as of Publish with QoS 1 or Barrier, is written at once, together
// with all messages before it.
func (c *Client) Batch(f func()) {
	if conn, err := c.active(); err == nil {
		conn.netConn.beginBatch()
		defer conn.netConn.endBatch()
	}
	f()
}

// Barrier sends a PINGREQ. The channel is closed when the broker has answered,
// and thus has processed everything sent before, or when the connection has
// ended. The connection ends if nothing is received for [PingTimeout].
func (c *Client) Barrier() <-chan struct{} {
	conn, err := c.active()
	if err != nil {
		done := make(chan struct{})
		close(done)
		return done
	}
	return conn.netConn.ping()
}
