package bridge

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// dialIn bounds name lookup, connect and the handshakes of TLS and WebSocket
// together. The MQTT client sets no limit to these.
const dialIn = 10 * time.Second

// A scheme of a broker's URL.
type scheme struct {
	port    string
	tls, ws bool
}

var schemes = map[string]scheme{
	"mqtt":  {port: "1883"},
	"tcp":   {port: "1883"},
	"mqtts": {port: "8883", tls: true},
	"tls":   {port: "8883", tls: true},
	"ssl":   {port: "8883", tls: true},
	"ws":    {port: "80", ws: true},
	"wss":   {port: "443", tls: true, ws: true},
}

// check returns an error when cfg cannot be right. It does not name the URL's
// user and password.
func (cfg MQTT) check() error {
	u := cfg.URL
	if u == nil {
		return errors.New("mqtt: no URL")
	}
	if _, ok := schemes[u.Scheme]; !ok {
		return fmt.Errorf("mqtt: URL %s: the scheme must be mqtt, mqtts, ws or wss", u.Redacted())
	}
	if u.Hostname() == "" {
		return fmt.Errorf("mqtt: URL %s: no host", u.Redacted())
	}
	if _, err := strconv.ParseUint(cmp.Or(u.Port(), "1"), 10, 16); err != nil {
		return fmt.Errorf("mqtt: URL %s: the port must be at most 65535", u.Redacted())
	}
	return nil
}

// login returns the user name and the password: those of the URL when cfg
// names no user.
func (cfg MQTT) login() (user, password string) {
	if u := cfg.URL.User; u != nil && cfg.Username == "" {
		user = u.Username()
		password, _ = u.Password()
		return user, password
	}
	return cfg.Username, cfg.Password
}

// server returns the URL with its port and without user and query.
func (cfg MQTT) server() *url.URL {
	u, s := cfg.URL, schemes[cfg.URL.Scheme]
	server := url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), s.port))}
	if s.ws {
		server.Path = cmp.Or(u.Path, "/mqtt") // what most brokers listen on; Mosquitto takes any
	}
	return &server
}

// dial connects to the broker, up to where the first MQTT packet can be sent.
func (cfg MQTT) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialIn)
	defer cancel()
	u, s := cfg.server(), schemes[cfg.URL.Scheme]
	dial := cfg.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	bottom, err := dial(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	top := bottom
	if s.tls {
		top, err = cfg.handshake(ctx, bottom)
	}
	if err == nil && s.ws {
		top, err = cfg.upgrade(ctx, top)
	}
	if err != nil {
		bottom.Close()
		return nil, err
	}
	return newConn(top, bottom, s.ws), nil
}

// handshake returns TLS over c.
func (cfg MQTT) handshake(ctx context.Context, c net.Conn) (net.Conn, error) {
	t := cfg.TLS.Clone()
	if t == nil {
		t = new(tls.Config)
	}
	t.ServerName = cmp.Or(t.ServerName, cfg.URL.Hostname())
	secure := tls.Client(c, t)
	if err := secure.HandshakeContext(ctx); err != nil {
		if isGone(err) {
			return nil, fmt.Errorf("the broker ended the TLS handshake: a port without TLS wants mqtt:// (or ws://): %w", err)
		}
		return nil, err
	}
	return secure, nil
}

// upgrade returns MQTT's WebSocket protocol over c.
func (cfg MQTT) upgrade(ctx context.Context, c net.Conn) (net.Conn, error) {
	u := cfg.server()
	u.RawQuery = cfg.URL.RawQuery
	use := func(context.Context, string, string) (net.Conn, error) { return c, nil }
	d := websocket.Dialer{NetDialContext: use, NetDialTLSContext: use, Subprotocols: []string{"mqtt"}}
	ws, resp, err := d.DialContext(ctx, u.String(), nil) //nolint:bodyclose // its body is in memory, says the library
	switch {
	case resp != nil && err != nil:
		return nil, fmt.Errorf("no MQTT over WebSocket at path %s: the server says %s: %w", u.Path, resp.Status, err)
	case err != nil:
		return nil, fmt.Errorf("the broker does not speak WebSocket on this port: %w", err)
	}
	return &wsConn{Conn: ws}, nil
}

// A wsConn is a WebSocket as a stream of bytes: each Write is a binary frame.
type wsConn struct {
	*websocket.Conn
	frame io.Reader // what is left of the frame being read; nil between frames
}

func (c *wsConn) Read(p []byte) (int, error) {
	for {
		if c.frame == nil {
			var err error
			if _, c.frame, err = c.NextReader(); err != nil {
				return 0, err
			}
		}
		n, err := c.frame.Read(p)
		if err == io.EOF {
			c.frame, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (c *wsConn) Write(p []byte) (int, error) {
	if err := c.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *wsConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// isGone reports whether err says that the other side has ended the connection.
func isGone(err error) bool {
	_, closed := errors.AsType[*websocket.CloseError](err)
	return closed || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// explain says what to do about a TLS error, and leaves others as they are.
func explain(err error) error {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Errorf("the broker's certificate comes from an authority that is not known here: set CA_FILE to the authority's certificate: %w", err)
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Errorf("the broker's certificate is for another name: write in URL the name that it is for: %w", err)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fmt.Errorf("the broker does not speak TLS on this port: use mqtt:// (or ws://): %w", err)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" { // a TLS alert, whose own type is not exported
		return fmt.Errorf("the broker refused our side of TLS; if it wants a client certificate, set CERT_FILE and KEY_FILE, from an authority that it knows: %w", err)
	}
	return err
}

// failure is where the reason codes of MQTT begin that are failures.
const failure = 0x80

// A reason is why a broker turned down a packet or ended the connection, as a
// reason code of MQTT 5.
type reason byte

// The reason codes of a broker that does not support what a message asks for.
const (
	noRetain reason = 0x9a
	noQoS1   reason = 0x9b
)

// Error says what to do about it where something can be done.
func (r reason) Error() string {
	if text, ok := reasons[r]; ok {
		return text
	}
	return fmt.Sprintf("the broker says only: reason 0x%02x", byte(r))
}

var reasons = map[reason]string{
	0x00:     "the broker said goodbye",
	0x81:     "the broker found a malformed packet",
	0x82:     "the broker found an error in the protocol",
	0x84:     "the broker does not speak MQTT 5, which is needed (Mosquitto 1.6 or newer)",
	0x85:     "the broker does not take the client id: set another CLIENT_ID",
	0x86:     "wrong user name or password: check USERNAME and PASSWORD of [MQTT]",
	0x87:     "not authorised: wrong user name or password (USERNAME and PASSWORD of [MQTT]), or the broker's access list forbids it",
	0x88:     "the broker is not available at the moment",
	0x89:     "the broker is busy",
	0x8a:     "the broker has banned this client: ask who runs it",
	0x8b:     "the broker is shutting down",
	0x8c:     "the broker wants another way of authentication than user name and password",
	0x8d:     "the broker has heard nothing for longer than the keep-alive",
	0x8e:     "another client with the same client id has taken over: set a CLIENT_ID that no other client has",
	0x8f:     "the broker does not take the topic filter",
	0x90:     "the broker does not take the topic: check TOPIC and PREFIX",
	0x93:     "the broker got more messages at once than it takes",
	0x95:     "the broker got a larger packet than it takes",
	0x96:     "the broker gets too many messages: raise INTERVAL",
	0x97:     "the broker's quota is used up",
	0x98:     "the broker's administrator ended the connection",
	noRetain: "the broker does not keep retained messages",
	noQoS1:   "the broker does not take messages of QoS 1",
	0x9c:     "the broker says to use another server: check URL",
	0x9d:     "the broker has moved: check URL",
	0x9f:     "the broker takes no more connections at the moment",
	0xa2:     "the broker does not take wildcards in subscriptions",
}
