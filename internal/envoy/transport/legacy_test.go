package transport

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

func TestLegacyTLS(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cfg    *tls.Config
		legacy bool
		conns  int32 // for two requests on connections of their own
	}{
		{"Go's usual settings", &tls.Config{}, false, 2},
		{"TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, false, 2},
		{"TLS 1.2 with CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}}, false, 2},
		{"RSA key exchange, GCM", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, true, 3},
		{"RSA key exchange, CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_256_CBC_SHA}}, true, 3},
		{"RSA key exchange, 3DES", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}}, true, 3},
		{"TLS 1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, true, 3},
		{"TLS 1.0", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, true, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newTLSGateway(t, tt.cfg, hello)
			g.Config.SetKeepAlivesEnabled(false)
			tr := newRoundTripper(options{Fingerprint: fingerprint(gatewayCert())})
			mustFetch(t, tr, g.URL)
			mustFetch(t, tr, g.URL)
			if got, conns := tr.legacy(), g.conns.Load(); got != tt.legacy || conns != tt.conns {
				t.Errorf("legacy() = %t after %d connections, want %t after %d", got, conns, tt.legacy, tt.conns)
			}
		})
	}
}

// An old OpenSSL sends no alert: it answers with the version that it has.
func TestLegacyServerHello(t *testing.T) {
	g := newTLSGateway(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, hello)
	answer := "\x16\x03\x01\x00\x2a" + // record: handshake, TLS 1.0
		"\x02\x00\x00\x26\x03\x01" + strings.Repeat("r", 32) + "\x00\x00\x2f\x00" // ServerHello, no session, RSA with AES-128-CBC
	var dials atomic.Int32
	tr := newRoundTripper(options{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials.Add(1) > 1 {
			return g.dial(ctx, network, addr)
		}
		return scripted(answer), nil
	}})
	defer tr.CloseIdleConnections()
	mustFetch(t, tr, g.URL)
	if !tr.legacy() || dials.Load() != 2 {
		t.Errorf("legacy() = %t after %d dials, want true after 2", tr.legacy(), dials.Load())
	}
}

// A gateway that hangs up once, because it restarts, is not an old one.
func TestHangUpIsNotLegacy(t *testing.T) {
	g := newTLSGateway(t, nil, hello)
	var dials atomic.Int32
	tr := newRoundTripper(options{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials.Add(1) > 1 {
			return g.dial(ctx, network, addr)
		}
		return scripted(""), nil
	}})
	defer tr.CloseIdleConnections()
	mustFetch(t, tr, g.URL)
	if tr.legacy() {
		t.Error("legacy() = true at a gateway that speaks modern TLS")
	}
}

// newAgeingGateway speaks TLS 1.0 alone while it is old.
func newAgeingGateway(t *testing.T) (*tlsGateway, *atomic.Bool) {
	t.Helper()
	old := new(atomic.Bool)
	cfg := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if !old.Load() {
			return nil, nil
		}
		return &tls.Config{Certificates: []tls.Certificate{gatewayCert()}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, nil
	}}
	g := newTLSGateway(t, cfg, hello)
	g.Config.SetKeepAlivesEnabled(false)
	return g, old
}

// Who has spoken modern TLS cannot be talked down, nor made to be asked twice.
func TestNoDowngrade(t *testing.T) {
	g, old := newAgeingGateway(t)
	tr := newRoundTripper(options{})
	mustFetch(t, tr, g.URL)
	old.Store(true)
	if got, err := fetch(t, tr, g.URL); err == nil {
		t.Errorf("GET over TLS 1.0 = %q after TLS 1.3 had been spoken, want an error", got)
	}
	if tr.legacy() || g.conns.Load() != 2 {
		t.Errorf("legacy() = %t after %d connections, want false after 2", tr.legacy(), g.conns.Load())
	}
}

// An old gateway's new firmware is noticed.
func TestLegacyForgotten(t *testing.T) {
	g, old := newAgeingGateway(t)
	old.Store(true)
	tr := newRoundTripper(options{})
	mustFetch(t, tr, g.URL)
	was := tr.legacy()
	old.Store(false)
	mustFetch(t, tr, g.URL)
	if !was || tr.legacy() {
		t.Errorf("legacy() = %t with old firmware and %t with new, want true and false", was, tr.legacy())
	}
}

// scripted returns a connection that answers the first flight with text and hangs up.
func scripted(text string) net.Conn {
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		if _, err := theirs.Read(make([]byte, 16<<10)); err == nil {
			_, _ = theirs.Write([]byte(text))
		}
	}()
	return ours
}
