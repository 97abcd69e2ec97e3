package mqtt

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
)

// ackTimeout limits the wait for CONNACK, SUBACK and UNSUBACK.
const ackTimeout = 10 * time.Second

// A Client is a connection to a broker that reconnects. Its methods may be
// called by several goroutines.
type Client struct {
	cfg     Config
	manager *autopaho.ConnectionManager
	session *session

	netConn    atomic.Pointer[netConn]    // of the last attempt, in any state; nil if the attempt made none
	connection atomic.Pointer[connection] // accepted by the broker; nil while there is none
	closing    atomic.Bool

	// Used by the manager's goroutine only.
	backoff    backoff
	requested  Capabilities // what the Will of the next CONNECT uses
	retryNow   bool         // the next attempt requests less and needs no delay
	cleanStart bool         // the next connection discards the broker's session

	resolveCtx    context.Context // ends when Close begins
	cancelResolve context.CancelFunc
}

// A connection is a network connection that the broker has accepted.
type connection struct {
	Capabilities
	ctx     context.Context // ends with the connection
	cancel  context.CancelFunc
	manager *autopaho.ConnectionManager
	netConn *netConn
	upDone  chan struct{} // closed when OnUp has returned
}

// stop ends the connection's context and waits until OnUp has returned.
func (c *connection) stop() {
	c.cancel()
	<-c.upDone
}

// active returns the current connection, or ErrNotConnected.
func (c *Client) active() (*connection, error) {
	if conn := c.connection.Load(); conn != nil && conn.netConn.Err() == nil {
		return conn, nil
	}
	return nil, ErrNotConnected
}

// Connected reports whether the client is connected.
func (c *Client) Connected() bool {
	_, err := c.active()
	return err == nil
}

// Err returns why the last connection ended, or nil while it has not.
func (c *Client) Err() error {
	if nc := c.netConn.Load(); nc != nil {
		return nc.Err()
	}
	return ErrNotConnected
}

// PingAge returns the age of the oldest PINGREQ that the broker has not
// answered, 0 if there is none.
func (c *Client) PingAge() time.Duration {
	if nc := c.netConn.Load(); nc != nil {
		return nc.pings.age()
	}
	return 0
}

// Reconnect closes the connection without DISCONNECT. The client then connects
// again. The reason is passed to OnDown.
func (c *Client) Reconnect(reason error) {
	if nc := c.netConn.Load(); nc != nil {
		nc.closeWithError(reason)
	}
}

// Close sends DISCONNECT, so that the broker does not publish the Will, and
// closes the client. If the broker has not processed everything when ctx ends,
// Close sends no DISCONNECT, so that the broker publishes the Will, and returns
// an error. All goroutines of the client have ended when Close returns.
func (c *Client) Close(ctx context.Context) error {
	if c.closing.Swap(true) {
		<-c.manager.Done()
		return nil
	}
	c.cancelResolve()
	abort := func() {
		if nc := c.netConn.Load(); nc != nil {
			nc.closeWithError(errClientClosed)
		}
	}
	defer context.AfterFunc(ctx, abort)() // ends a write that blocks
	conn, err := c.active()
	if err == nil {
		conn.cancel()
		select {
		case <-conn.netConn.ping():
			err = conn.netConn.Err()
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			err = ctx.Err() // not errClientClosed, which follows from it
		}
	}
	if err != nil {
		abort()
	}
	_ = c.manager.Disconnect(context.Background()) // ends with the connection, which ctx limits
	if conn := c.connection.Swap(nil); conn != nil {
		conn.stop()
	}
	if errors.Is(err, ErrNotConnected) {
		return nil // there was no broker to disconnect from
	}
	if err != nil {
		return fmt.Errorf("disconnect: no answer from the broker: %w", err)
	}
	return nil
}
