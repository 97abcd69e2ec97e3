package mqtt

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
)

// Config describes the broker, the login and the functions that a [Client] calls.
type Config struct {
	// URL is the broker's address. Its scheme is mqtt or tcp (port 1883), mqtts,
	// tls or ssl (8883), ws (80) or wss (443).
	URL *url.URL
	// Resolve, if not nil, returns the URL with user name and password. It is
	// called before every attempt to connect, and URL is ignored.
	Resolve  func(ctx context.Context) (*url.URL, error)
	ClientID string
	// Username and Password are the login. If Username is empty, those of URL
	// are used.
	Username, Password string
	// TLS is used by the schemes with TLS; nil trusts the system's certificate
	// authorities.
	TLS *tls.Config
	// Dial makes the TCP connection below TLS and WebSocket; nil means a
	// [net.Dialer]. It must return when ctx ends.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Will is published by the broker if the connection ends without DISCONNECT
	// and is not back within 5 s. Without a topic there is no Will.
	Will Message

	// The functions below may be nil. None is called after Close has begun, and
	// none may call Close.

	// OnUp is called for each connection, on a goroutine of its own. ctx ends
	// with the connection. OnUp must then return: the next attempt waits for it.
	// It may be called before Connect has returned.
	OnUp func(ctx context.Context, client *Client, c Capabilities)
	// OnDown is called with the reason when a connection has ended and OnUp has
	// returned. The next attempt waits until OnDown returns.
	OnDown func(error)
	// OnError is called with the reason of each failed attempt to connect.
	OnError func(error)
	// OnMessage is called for each message received. It must not block, because
	// acknowledgements are received by the same goroutine.
	OnMessage func(topic string, payload []byte, retained bool)
}

// A scheme is what the scheme of a broker's URL means.
type scheme struct {
	port    string // the default
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

// validate returns an error if the URL is invalid. The error does not contain
// the URL's password.
func (cfg Config) validate() error {
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

// credentials returns the login: the URL's if cfg has no Username.
func (cfg Config) credentials() (user, password string) {
	if u := cfg.URL.User; u != nil && cfg.Username == "" {
		user = u.Username()
		password, _ = u.Password()
		return user, password
	}
	return cfg.Username, cfg.Password
}

// serverURL returns the URL with its port, without user and query. It is safe
// to log.
func (cfg Config) serverURL() *url.URL {
	u, s := cfg.URL, schemes[cfg.URL.Scheme]
	server := url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), s.port))}
	if s.ws {
		server.Path = cmp.Or(u.Path, "/mqtt") // the path of most brokers; Mosquitto accepts any
	}
	return &server
}
