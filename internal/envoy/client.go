package envoy

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// A Client reads one gateway. Its methods are safe for concurrent use; the
// gateway receives one request at a time. The fields must not change after the
// first call of a method.
type Client struct {
	// Host is the gateway's name or address, with or without a port, or a URL.
	// Without a scheme https is tried, then http. With [locate.Auto] it is found by multicast DNS.
	Host string
	// Serial is the gateway to find where Host is [locate.Auto]; empty for the only one there is.
	Serial string
	// Tokens supplies the token where the gateway's /info reports that one is needed.
	Tokens auth.TokenSource
	// Username and Password are the gateway's own, for firmware before 7. A
	// name with an @ is an account at Enphase and never sent to a gateway.
	Username, Password string
	// VerifyTLS asks for a certificate that the system trusts, which a gateway
	// has only where its owner gave it one.
	VerifyTLS bool
	// Fingerprint is the SHA-256 of the only certificate to accept, in hex; empty for any.
	Fingerprint string
	// Source is where samples come from.
	Source Source
	// Timeout bounds a request with its answer; 0 means 45 s.
	Timeout time.Duration
	// Limit, if not nil, returns how long the answer to a request for a path,
	// without its query, may take, where that is less than Timeout; 0 means
	// Timeout. A new connection may take as long, or longer if the last one did.
	Limit func(path string) time.Duration
	// StaleAfter is how long a CT may repeat a reading; 0 means for ever.
	StaleAfter time.Duration
	// Correction is applied to the consumption CT.
	Correction Correction
	// Observe, if not nil, is called after every request with its path, without
	// the query, how long the whole answer took, and what went wrong.
	Observe func(path string, took time.Duration, err error)
	// Shortened, if not nil, is called with the path, without its query, of every
	// response that has more than 2,000 entries. Those beyond are not read.
	Shortened func(path string)
	// ModbusPort is the port of [FromSunSpec]; 0 means 502.
	ModbusPort int
	// Dial, if not nil, replaces the network, but for Modbus.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	once   sync.Once
	http   *transport.Sender
	modbus *sunspec.Client
	access *auth.Access
	memory memory

	discover func(ctx context.Context, serial string) ([]locate.Discovered, error) // nil is multicast DNS
}

func (c *Client) init() {
	c.once.Do(func() {
		c.http = &transport.Sender{
			Username:    c.Username,
			Password:    c.Password,
			VerifyTLS:   c.VerifyTLS,
			Fingerprint: c.Fingerprint,
			Timeout:     c.Timeout,
			Limit:       c.Limit,
			Observe:     c.Observe,
			Dial:        c.Dial,
		}
		c.modbus = &sunspec.Client{Port: c.ModbusPort}
		c.access = auth.NewAccess(c.http, c.Shortened)
	})
}

// Certificate returns the SHA-256 of the certificate that the gateway showed
// last, in hex, and whether there was one.
func (c *Client) Certificate() (string, bool) {
	c.init()
	return c.http.Certificate()
}

// LegacyTLS reports whether the gateway is old enough to need TLS settings
// that have been given up elsewhere.
func (c *Client) LegacyTLS() bool {
	c.init()
	return c.http.LegacyTLS()
}

// CloseIdle closes the connections to the gateway that are not in use.
func (c *Client) CloseIdle() {
	c.init()
	c.http.CloseIdle()
	c.modbus.CloseIdle()
}

// Open reads the gateway's /info. It returns an error when the gateway is not
// there or is none.
func (c *Client) Open(ctx context.Context) (*Session, error) {
	c.init()
	serial, base := c.memory.last()
	f := locate.Finder{HTTP: c.http, TLSOnly: c.VerifyTLS || c.Fingerprint != "", Last: base, Discover: c.discover}
	info, base, err := f.Find(ctx, c.Host, c.Serial, serial)
	if err != nil {
		c.memory.update(func(m *memory) { m.readingsFailingSince = time.Time{} })
		return nil, err
	}
	return newSession(c, info, base, c.memory.startSession(info, base)), nil
}
