package mqtt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"
)

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
