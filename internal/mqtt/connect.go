package mqtt

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

const (
	sessionExpiry  = 60 // s; longer than willDelay, which the session's end would cut short
	willDelay      = 5  // s; no Will is published after a faster reconnect
	receiveMaximum = 16 // messages of QoS 1 in flight to us; paho reserves memory for each
)

// Connect returns a client that connects in the background, until Close is
// called, even if ctx ends. It returns an error only if cfg is invalid.
func Connect(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Resolve != nil {
		cfg.URL = new(url.URL) // set by each attempt
	} else if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, requested: allCapabilities}
	c.resolveCtx, c.cancelResolve = context.WithCancel(context.WithoutCancel(ctx))
	c.session = newSession(c.netConn.Load)
	user, password := cfg.credentials()
	pc := autopaho.ClientConfig{
		ServerUrls:            []*url.URL{cfg.serverURL()},
		KeepAlive:             keepAlive,
		SessionExpiryInterval: sessionExpiry,
		ConnectTimeout:        dialTimeout + ackTimeout,
		ReconnectBackoff:      c.reconnectDelay,
		ConnectUsername:       user,
		ConnectPassword:       []byte(password),
		ConnectPacketBuilder:  c.buildConnect,
		AttemptConnection:     c.dial,
		OnConnectionUp:        c.onConnectionUp,
		OnConnectionDown:      c.onConnectionDown,
		OnConnectError:        c.onConnectError,
		ClientConfig: paho.ClientConfig{
			ClientID:          cfg.ClientID,
			Session:           c.session,
			PingHandler:       pinger{c.netConn.Load},
			PacketTimeout:     ackTimeout,
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){c.onPublish},
		},
	}
	if will := cfg.Will; will.Topic != "" {
		pc.WillMessage = &paho.WillMessage{Topic: will.Topic, Payload: will.Payload, QoS: will.QoS, Retain: will.Retain}
		pc.WillProperties = &paho.WillProperties{WillDelayInterval: new(uint32(willDelay))}
	}
	var err error
	if c.manager, err = autopaho.NewConnection(context.WithoutCancel(ctx), pc); err != nil {
		c.cancelResolve()
		return nil, fmt.Errorf("mqtt: %w", err)
	}
	return c, nil
}

// buildConnect completes the CONNECT packet of an attempt.
func (c *Client) buildConnect(p *paho.Connect, _ *url.URL) (*paho.Connect, error) {
	if c.cfg.Resolve != nil {
		if err := c.resolve(p); err != nil {
			return nil, err
		}
	}
	if p.WillMessage != nil {
		will := *p.WillMessage // a copy: all attempts share the original
		will.QoS, will.Retain = min(will.QoS, c.requested.MaxQoS), will.Retain && c.requested.RetainAvailable
		p.WillMessage = &will
	}
	p.CleanStart = c.cleanStart
	p.Properties.ReceiveMaximum = new(uint16(receiveMaximum))
	p.Properties.MaximumPacketSize = new(uint32(maxPacketSize))
	p.Properties.RequestProblemInfo = true
	return p, checkConnect(p)
}

// resolve sets the broker's address and the login in p. It changes c.cfg, which
// only the manager's goroutine reads.
func (c *Client) resolve(p *paho.Connect) error {
	ctx, cancel := context.WithTimeout(c.resolveCtx, dialTimeout)
	defer cancel()
	c.netConn.Store(nil) // its error is not the reason for a failure from here on
	u, err := c.cfg.Resolve(ctx)
	if err != nil {
		return &resolveError{err}
	}
	c.cfg.URL = u
	if err := c.cfg.validate(); err != nil {
		return &resolveError{err}
	}
	user, password := c.cfg.credentials()
	p.Username, p.UsernameFlag = user, user != ""
	p.Password, p.PasswordFlag = []byte(password), password != ""
	return nil
}

// dial makes the network connection of an attempt.
func (c *Client) dial(ctx context.Context, _ autopaho.ClientConfig, _ *url.URL) (net.Conn, error) {
	c.netConn.Store(nil)
	nc, err := c.cfg.dial(ctx)
	if err != nil {
		return nil, err
	}
	c.netConn.Store(nc)
	if c.closing.Load() {
		nc.closeWithError(errClientClosed) // Close may have run before netConn was stored
		return nil, errClientClosed
	}
	return nc, nil
}
