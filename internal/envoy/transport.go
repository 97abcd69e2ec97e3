package envoy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	handshakeTimeout = 10 * time.Second // the gateway's small processor signs slowly when it is busy
	maxHeader        = 64 << 10         // bytes of an answer's header; gateways send less than 1 kB
)

// transportOptions say how to reach a gateway and which certificate to take from it.
type transportOptions struct {
	// Verify asks for a certificate that the system trusts, host name included.
	Verify bool
	// Fingerprint is the SHA-256 of the only certificate to accept, in lower
	// case hex, whoever signed it: it takes the place of Verify. Empty for none.
	Fingerprint string
	// Dial replaces the network; nil is TCP, with *.local names asked for by multicast.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A transport is the way to one gateway: a single connection, kept open for as
// long as the gateway keeps it. Gateways suffer from parallel requests, and a
// handshake costs theirs more than a reading does.
type transport struct {
	opts     transportOptions
	http     http.Transport
	roots    *x509.CertPool // nil for the system's
	sessions tls.ClientSessionCache

	mu   sync.Mutex // guards what follows
	leaf string     // the SHA-256 of the last certificate seen, hex
	age  tlsAge     // what the last handshake agreed on
}

// A tlsAge says which TLS settings a gateway is known to need.
type tlsAge int

const (
	ageUnknown tlsAge = iota
	ageModern         // Go's defaults do, and are not left again: nobody can talk us down
	ageLegacy         // TLS before 1.2, or a cipher suite that Go has given up
)

// newTransport returns a transport that nothing in the environment changes: a
// proxy has no business between us and a gateway on the local network.
func newTransport(opts transportOptions) *transport {
	if opts.Dial == nil {
		opts.Dial = dial
	}
	t := &transport{opts: opts, sessions: tls.NewLRUClientSessionCache(4)}
	t.http = http.Transport{
		DialContext:            connect(opts.Dial),
		DialTLSContext:         connect(t.dialTLS),
		DisableCompression:     true, // a small answer must not unfold into a huge one
		MaxConnsPerHost:        1,
		MaxIdleConns:           1, // also where the gateway was found at another address
		MaxResponseHeaderBytes: maxHeader,
		ReadBufferSize:         1 << 10, // for the header; a body is read past it
		WriteBufferSize:        2 << 10, // a request with a token takes some 1.2 kB
		Protocols:              new(http.Protocols),
	}
	t.http.Protocols.SetHTTP1(true)
	return t
}

// legacy reports whether the gateway needed the legacy TLS settings.
func (t *transport) legacy() bool { return t.known() == ageLegacy }

func (t *transport) known() tlsAge {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.age
}

// dialTLS connects and shakes hands. A gateway that has not spoken modern TLS
// yet and breaks off gets a second try with what old firmware speaks.
func (t *transport) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	age := t.known()
	conn, err := t.opts.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	secure, err := t.handshake(ctx, conn, addr, age == ageLegacy)
	if err == nil || age != ageUnknown || !maybeOld(err) {
		return secure, err
	}
	if conn, err = t.opts.Dial(ctx, network, addr); err != nil {
		return nil, err
	}
	return t.handshake(ctx, conn, addr, true)
}

// handshake makes conn a TLS connection, and closes it when that does not work out.
func (t *transport) handshake(ctx context.Context, conn net.Conn, addr string, legacy bool) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	secure := tls.Client(conn, t.config(addr, legacy))
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, t.explain(err)
	}
	age := ageModern
	if needsLegacy(secure.ConnectionState()) {
		age = ageLegacy
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.age = age
	return secure, nil
}

func (t *transport) config(addr string, legacy bool) *tls.Config {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	c := &tls.Config{
		ServerName:         host,
		RootCAs:            t.roots,
		InsecureSkipVerify: !t.opts.Verify || t.opts.Fingerprint != "",
		VerifyConnection:   t.inspect,
		ClientSessionCache: t.sessions,
	}
	if legacy {
		c.MinVersion = tls.VersionTLS10
		for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
			if !strings.Contains(s.Name, "RC4") {
				c.CipherSuites = append(c.CipherSuites, s.ID)
			}
		}
	}
	return c
}

// needsLegacy reports whether Go's defaults would not have come to this agreement.
func needsLegacy(cs tls.ConnectionState) bool {
	return cs.Version < tls.VersionTLS12 ||
		slices.ContainsFunc(tls.InsecureCipherSuites(), func(s *tls.CipherSuite) bool { return s.ID == cs.CipherSuite })
}

// maybeOld reports whether a handshake may have failed because the gateway
// speaks old TLS only. crypto/tls has no type for that: it may be an alert, an
// error of our side or a plain hang-up. So it is everything that is not
// another thing for certain.
func maybeOld(err error) bool {
	if _, ok := errors.AsType[*PinError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return false // it does not speak TLS at all
	}
	return !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled)
}

// explain puts a failed handshake into words.
func (t *transport) explain(err error) error {
	if _, ok := errors.AsType[*PinError](err); ok {
		return err
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &UntrustedError{t.saw(e.UnverifiedCertificates[0]), err}
	}
	return &handshakeError{err}
}

// A handshakeError is a TLS handshake that came to nothing.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "tls handshake: " + e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }
