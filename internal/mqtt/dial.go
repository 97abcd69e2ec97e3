package mqtt

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"
)

// dialTimeout limits name lookup, connect and the handshakes of TLS and
// WebSocket together; paho does not. It also limits Config.Resolve.
const dialTimeout = 10 * time.Second

// dial connects to the broker, with TLS and WebSocket if the URL's scheme asks
// for them.
func (cfg Config) dial(ctx context.Context) (*netConn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	u, s := cfg.serverURL(), schemes[cfg.URL.Scheme]
	dial := cfg.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	raw, err := dial(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	conn := raw
	if s.tls {
		conn, err = cfg.startTLS(ctx, raw)
	}
	if err == nil && s.ws {
		conn, err = cfg.startWebSocket(ctx, conn)
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return newNetConn(conn, raw, s.ws), nil
}

// startTLS returns TLS over c.
func (cfg Config) startTLS(ctx context.Context, c net.Conn) (net.Conn, error) {
	t := cfg.TLS.Clone()
	if t == nil {
		t = new(tls.Config)
	}
	t.ServerName = cmp.Or(t.ServerName, cfg.URL.Hostname())
	secure := tls.Client(c, t)
	if err := secure.HandshakeContext(ctx); err != nil {
		if isConnClosed(err) {
			return nil, fmt.Errorf("the broker ended the TLS handshake: use mqtt:// for a port without TLS (or ws://): %w", err)
		}
		return nil, err
	}
	return secure, nil
}

// startWebSocket returns MQTT over WebSocket over c.
func (cfg Config) startWebSocket(ctx context.Context, c net.Conn) (net.Conn, error) {
	u := cfg.serverURL()
	u.RawQuery = cfg.URL.RawQuery
	use := func(context.Context, string, string) (net.Conn, error) { return c, nil }
	d := websocket.Dialer{NetDialContext: use, NetDialTLSContext: use, Subprotocols: []string{"mqtt"}}
	ws, resp, err := d.DialContext(ctx, u.String(), nil) //nolint:bodyclose // the library has read the body
	switch {
	case resp != nil && err != nil:
		return nil, fmt.Errorf("no MQTT over WebSocket at path %s: the server responds %s: %w", u.Path, resp.Status, err)
	case err != nil:
		return nil, fmt.Errorf("the broker does not speak WebSocket on this port: %w", err)
	}
	return &wsConn{ws, websocket.JoinMessages(ws, "")}, nil
}

// A wsConn is a WebSocket as a stream of bytes. Each Write is a binary frame.
type wsConn struct {
	*websocket.Conn
	io.Reader // of all frames
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

// explainTLS adds to a TLS error what to do about it. It returns other errors
// unchanged.
func explainTLS(err error) error {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Errorf("the broker's certificate is signed by an unknown authority: set CA_FILE to the authority's certificate: %w", err)
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Errorf("the broker's certificate is for another name: set URL to the name in the certificate: %w", err)
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return fmt.Errorf("the broker's certificate is not valid at this machine's time: renew it, or correct the clock: %w", err)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fmt.Errorf("the broker does not speak TLS on this port: use mqtt:// (or ws://): %w", err)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" { // a TLS alert, whose own type is not exported
		return fmt.Errorf("the broker rejected the TLS handshake; if it requires a client certificate, set CERT_FILE and KEY_FILE, signed by an authority that it trusts: %w", err)
	}
	return err
}
