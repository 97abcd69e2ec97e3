package mqtt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

// onConnectionUp calls OnUp on a goroutine of its own, so that the manager is
// not blocked while the connection lasts.
func (c *Client) onConnectionUp(manager *autopaho.ConnectionManager, ack *paho.Connack) {
	c.backoff.connectedAt = time.Now()
	conn := &connection{
		Capabilities: c.requested.confirmedBy(ack.Properties),
		manager:      manager,
		netConn:      c.netConn.Load(),
		upDone:       make(chan struct{}),
	}
	c.requested = allCapabilities
	conn.ctx, conn.cancel = context.WithCancel(conn.netConn.ctx)
	c.connection.Store(conn)
	go func() {
		defer close(conn.upDone)
		if c.cfg.OnUp != nil && !c.closing.Load() {
			c.cfg.OnUp(conn.ctx, c, conn.Capabilities)
		}
	}()
}

// onConnectionDown reports whether to reconnect.
func (c *Client) onConnectionDown() bool {
	conn := c.connection.Swap(nil)
	conn.stop()
	if c.closing.Load() {
		return false
	}
	err := conn.netConn.Err()
	c.cleanStart = errors.Is(err, ErrPacketTooLarge) // with the session the broker would send the packet again
	if c.backoff.recordLoss(err) {
		err = fmt.Errorf("%w; it closed three connections in a row within a minute and gave no reason: another client may use the client id %s, the broker's access list may forbid what is sent, or the broker may be restarting", err, c.cfg.ClientID)
	}
	if c.cfg.OnDown != nil {
		c.cfg.OnDown(err)
	}
	return true
}

// onConnectError reports a failed attempt, unless the broker has rejected the
// Will for its QoS or its retain flag: then the next attempt goes without.
func (c *Client) onConnectError(err error) {
	ack, answered := errors.AsType[*autopaho.ConnackError](err)
	if c.retryNow = answered && c.requested.reduceFor(ReasonCode(ack.ReasonCode)); c.retryNow {
		return
	}
	c.requested = allCapabilities
	if c.cfg.OnError == nil || c.closing.Load() {
		return
	}
	if unresolved, ok := errors.AsType[*resolveError](err); ok {
		c.cfg.OnError(unresolved.error)
		return
	}
	nc := c.netConn.Load()
	switch {
	case answered:
		err = ReasonCode(ack.ReasonCode) // without the broker's text, which could contain the login
	case nc != nil && errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("the server on this port does not answer as an MQTT broker within %v", ackTimeout)
	case nc != nil && nc.Err() != nil:
		err = explainTLS(nc.Err())
	default:
		err = explainTLS(errors.Unwrap(err)) // autopaho's error adds the URL only
	}
	c.cfg.OnError(fmt.Errorf("%s: %w", c.cfg.serverURL(), err))
}

// reconnectDelay returns the time to wait before the attempt of the given number.
func (c *Client) reconnectDelay(attempt int) time.Duration {
	if c.retryNow {
		c.retryNow = false
		return 0
	}
	return c.backoff.delay(attempt)
}

// onPublish passes a received message to OnMessage.
func (c *Client) onPublish(r paho.PublishReceived) (bool, error) {
	if c.cfg.OnMessage != nil && !c.closing.Load() {
		c.cfg.OnMessage(r.Packet.Topic, r.Packet.Payload, r.Packet.Retain)
	}
	return true, nil
}
