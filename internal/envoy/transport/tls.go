package transport

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// handshakeTimeout leaves time for the gateway's small processor, which signs slowly when it is busy.
const handshakeTimeout = 10 * time.Second

// options are the settings of a connection to a gateway.
type options struct {
	Verify      bool   // asks for a certificate that the system trusts, host name included
	Fingerprint string // SHA-256 of the only certificate to accept, in the place of Verify
	// Dial replaces the network; nil is TCP, with *.local names asked for by multicast.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A tlsDialer opens TLS connections to one gateway. Its methods are safe for
// concurrent use.
type tlsDialer struct {
	opts     options
	roots    *x509.CertPool // nil for the system's
	sessions tls.ClientSessionCache

	mu              sync.Mutex // guards what follows
	certFingerprint string     // the SHA-256 of the last certificate seen, hex
	mode            tlsMode    // what the last handshake agreed on
}

// A tlsMode is the kind of TLS settings that a gateway needs.
type tlsMode int

const (
	modeUnknown tlsMode = iota
	modeModern          // Go's defaults; not left again, so that no downgrade can be forced
	modeLegacy          // TLS before 1.2, or a cipher suite that Go disables
)

// legacy reports whether the gateway needed the legacy TLS settings.
func (d *tlsDialer) legacy() bool { return d.currentMode() == modeLegacy }

func (d *tlsDialer) currentMode() tlsMode {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mode
}

// dialTLS connects and shakes hands. If that fails with a gateway that has not used
// modern TLS before, it tries the settings of old firmware.
func (d *tlsDialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	mode := d.currentMode()
	conn, err := d.opts.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	secure, err := d.handshake(ctx, conn, addr, mode == modeLegacy)
	if err == nil || mode != modeUnknown || !mayNeedLegacy(err) {
		return secure, err
	}
	if conn, err = d.opts.Dial(ctx, network, addr); err != nil {
		return nil, err
	}
	return d.handshake(ctx, conn, addr, true)
}

// handshake makes conn a TLS connection, and closes it if that fails.
func (d *tlsDialer) handshake(ctx context.Context, conn net.Conn, addr string, legacy bool) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	secure := tls.Client(conn, d.config(addr, legacy))
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, d.explain(err)
	}
	mode := modeModern
	if needsLegacy(secure.ConnectionState()) {
		mode = modeLegacy
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mode = mode
	return secure, nil
}

func (d *tlsDialer) config(addr string, legacy bool) *tls.Config {
	host, _, _ := net.SplitHostPort(addr) // of net/http
	c := &tls.Config{
		ServerName:         host,
		RootCAs:            d.roots,
		InsecureSkipVerify: !d.opts.Verify || d.opts.Fingerprint != "",
		VerifyConnection:   d.verifyPin,
		ClientSessionCache: d.sessions,
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

// needsLegacy reports whether Go's defaults exclude what was negotiated.
func needsLegacy(cs tls.ConnectionState) bool {
	return cs.Version < tls.VersionTLS12 ||
		slices.ContainsFunc(tls.InsecureCipherSuites(), func(s *tls.CipherSuite) bool { return s.ID == cs.CipherSuite })
}

// mayNeedLegacy reports whether a handshake may have failed because the gateway
// speaks old TLS only. crypto/tls has no type for that: it may be an alert, an
// error of our side or a plain hang-up. So it is every error that
// has no other known cause.
func mayNeedLegacy(err error) bool {
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

// explain returns the error of a failed handshake.
func (d *tlsDialer) explain(err error) error {
	if _, ok := errors.AsType[*PinError](err); ok {
		return err
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &UntrustedError{d.recordCertificate(e.UnverifiedCertificates[0]), err}
	}
	return &handshakeError{err}
}

// verifyPin records the gateway's certificate and compares it with the pinned one.
// It is a VerifyConnection because VerifyPeerCertificate is not called when a
// session is resumed.
func (d *tlsDialer) verifyPin(cs tls.ConnectionState) error {
	got := d.recordCertificate(cs.PeerCertificates[0])
	if want := d.opts.Fingerprint; want != "" && got != want {
		return &PinError{Got: got, Want: want}
	}
	return nil
}

func (d *tlsDialer) recordCertificate(leaf *x509.Certificate) string {
	sum := sha256.Sum256(leaf.Raw)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.certFingerprint = hex.EncodeToString(sum[:])
	return d.certFingerprint
}

// certificate returns the SHA-256 of the certificate that the gateway showed
// last, accepted or not, in hex, and whether it has shown one.
func (d *tlsDialer) certificate() (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.certFingerprint, d.certFingerprint != ""
}
