package transport

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// gatewayCert is a self-signed certificate for 127.0.0.1, RSA as the gateways' are.
var gatewayCert = sync.OnceValue(func() tls.Certificate {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x7e), // one byte, see negative
		Subject:      pkix.Name{CommonName: "gateway"},
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// negative returns c with a serial number below zero, as some gateways have
// it; the signature is then wrong, which nobody checks who does not verify.
func negative(c tls.Certificate) tls.Certificate {
	der := bytes.Replace(c.Certificate[0], []byte{0x02, 0x01, 0x7e}, []byte{0x02, 0x01, 0xfe}, 1)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: c.PrivateKey}
}

func fingerprint(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return hex.EncodeToString(sum[:])
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func TestUnverified(t *testing.T) {
	for _, tt := range []struct {
		name string
		cert tls.Certificate
	}{
		{"self-signed", gatewayCert()},
		{"negative serial number", negative(gatewayCert())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newTLSGateway(t, &tls.Config{Certificates: []tls.Certificate{tt.cert}}, hello)
			tr := newRoundTripper(options{Dial: g.dial})
			defer tr.CloseIdleConnections()
			mustFetch(t, tr, "https://envoy.local/")
			if got, ok := tr.certificate(); !ok || got != fingerprint(tt.cert) {
				t.Errorf("certificate() = %s, %t, want %s", got, ok, fingerprint(tt.cert))
			}
		})
	}
}

func TestPin(t *testing.T) {
	right, wrong := fingerprint(gatewayCert()), strings.Repeat("0", 64)
	for _, tt := range []struct {
		name string
		opts options
		want *PinError
	}{
		{"right", options{Fingerprint: right}, nil},
		{"right, in the place of a chain", options{Fingerprint: right, Verify: true}, nil},
		{"wrong", options{Fingerprint: wrong}, &PinError{Got: right, Want: wrong}},
		{"wrong, asked to verify too", options{Fingerprint: wrong, Verify: true}, &PinError{Got: right, Want: wrong}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newTLSGateway(t, nil, hello)
			tr := newRoundTripper(tt.opts)
			defer tr.CloseIdleConnections()
			_, err := fetch(t, tr, g.URL)
			checkPin(t, err, tt.want)
			if got, _ := tr.certificate(); got != right {
				t.Errorf("certificate() = %s, want %s", got, right)
			}
			if c := g.conns.Load(); c != 1 {
				t.Errorf("%d connections, want 1", c)
			}
		})
	}
}

// A resumed session shows no certificate: the one that it was begun with counts.
func TestPinResumed(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			g := newTLSGateway(t, &tls.Config{MaxVersion: version}, hello)
			g.Config.SetKeepAlivesEnabled(false)
			right, wrong := fingerprint(gatewayCert()), strings.Repeat("f", 64)
			tr := newRoundTripper(options{Fingerprint: right})
			for range 3 {
				mustFetch(t, tr, g.URL)
			}
			if got := g.resumed.Load(); got != 2 {
				t.Fatalf("%d sessions resumed, want 2", got)
			}
			tr.opts.Fingerprint = wrong
			_, err := fetch(t, tr, g.URL)
			checkPin(t, err, &PinError{Got: right, Want: wrong})
		})
	}
}

func checkPin(t *testing.T, err error, want *PinError) {
	t.Helper()
	got, _ := errors.AsType[*PinError](err)
	if want == nil && err != nil || want != nil && (got == nil || *got != *want) {
		t.Errorf("GET = %v, want %v", err, want)
	}
}

func TestVerify(t *testing.T) {
	leaf, err := x509.ParseCertificate(gatewayCert().Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	mine, nobody := x509.NewCertPool(), x509.NewCertPool()
	mine.AddCert(leaf)
	for _, tt := range []struct {
		name, url string
		roots     *x509.CertPool
		ok        bool
	}{
		{"trusted", "https://127.0.0.1/", mine, true},
		{"trusted, another name", "https://envoy.local/", mine, false},
		{"nobody trusted", "https://127.0.0.1/", nobody, false},
		{"the system's roots", "https://127.0.0.1/", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newTLSGateway(t, nil, hello)
			tr := newRoundTripper(options{Verify: true, Dial: g.dial})
			tr.roots = tt.roots
			defer tr.CloseIdleConnections()
			_, err := fetch(t, tr, tt.url)
			if ok := err == nil; ok != tt.ok {
				t.Errorf("GET %s = %v, want ok = %t", tt.url, err, tt.ok)
			}
			if c := g.conns.Load(); c != 1 {
				t.Errorf("%d connections, want 1", c)
			}
		})
	}
}

// TestVerifyWords checks that the error of an untrusted certificate contains its fingerprint.
func TestVerifyWords(t *testing.T) {
	g := newTLSGateway(t, nil, hello)
	tr := newRoundTripper(options{Verify: true})
	_, err := fetch(t, tr, g.URL)
	if err == nil {
		t.Fatal("a self-signed certificate was verified")
	}
	if e, ok := errors.AsType[*UntrustedError](err); !ok || e.Fingerprint != fingerprint(gatewayCert()) || !strings.Contains(err.Error(), e.Fingerprint) {
		t.Errorf("error %q, want an UntrustedError with the fingerprint", err)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("error %q does not wrap the verification's", err)
	}
}
