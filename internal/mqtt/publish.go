package mqtt

import "fmt"

// Publish sends m without waiting for an acknowledgement. If the broker does not
// support QoS 1 or retain, it sends m without them. With QoS 0 it returns when m is
// written, or stored by [Client.Batch]. With QoS 1, pending is true, and
// acknowledged is called once, by another goroutine, with the error that the broker
// returned or with [ErrNotConnected]. If the broker does not read, or if it has not
// acknowledged as many messages as its receive maximum, Publish blocks.
//
// The error is or wraps [ErrNotConnected], [ErrInvalidPacket] or a [TooLargeError].
func (c *Client) Publish(m Message, acknowledged func(error)) (pending bool, err error) {
	conn, err := c.active()
	if err != nil {
		return false, fmt.Errorf("publish %s: %w", m.Topic, err)
	}
	if err := checkTopic(m.Topic); err != nil {
		return false, fmt.Errorf("publish: %w", err)
	}
	if size, limit := m.size(), conn.packetLimit(); size > limit {
		return false, &TooLargeError{m.Topic, size, limit}
	}
	m.Retain, m.QoS = m.Retain && conn.RetainAvailable, min(m.QoS, conn.MaxQoS)
	if m.QoS == 0 {
		err = conn.netConn.publish(m)
	} else {
		err = c.session.publish(conn, m, acknowledged)
	}
	if err != nil {
		return false, fmt.Errorf("publish %s: %w", m.Topic, err)
	}
	return m.QoS > 0, nil
}

// Batch calls f and joins the messages of QoS 0 that are published meanwhile,
// so that many small messages need one system call. A packet that the broker
// answers, of QoS 1 or of Barrier, is written at once, together with all messages
// before it.
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
