package envoytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"time"
)

// SetTLS closes all connections and continues with another configuration, such as
// [RSAOnlyTLS]. Without a certificate in it the server makes a new one, as a
// gateway does that was replaced; so does nil.
func (s *Server) SetTLS(c *tls.Config) {
	s.configure(c)
	s.Refuse(true)
	s.Refuse(false)
}

func (s *Server) configure(c *tls.Config) {
	c = c.Clone()
	if c == nil {
		c = &tls.Config{}
	}
	if c.Certificates == nil {
		c.Certificates = []tls.Certificate{selfSigned(ecdsaKey())}
	}
	c.VerifyConnection = func(tls.ConnectionState) error { // called once in each handshake, resumed or not
		s.handshakes.Add(1)
		return nil
	}
	s.tls.Store(c)
}

func (s *Server) greet(*tls.ClientHelloInfo) (*tls.Config, error) { return s.tls.Load(), nil }

// Handshakes returns how many TLS handshakes clients completed.
func (s *Server) Handshakes() int { return int(s.handshakes.Load()) }

// Certificate returns the server's certificate, nil without TLS.
func (s *Server) Certificate() *x509.Certificate {
	c := s.tls.Load()
	if c == nil {
		return nil
	}
	cert, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
	if err != nil {
		panic(err) // a certificate that no client could read: the caller's mistake
	}
	return cert
}

// Fingerprint returns the SHA-256 of the server's certificate, in hex; "" without TLS.
func (s *Server) Fingerprint() string {
	c := s.tls.Load()
	if c == nil {
		return ""
	}
	sum := sha256.Sum256(c.Certificates[0].Certificate[0])
	return hex.EncodeToString(sum[:])
}

// RSAOnlyTLS is TLS 1.2 that knows no key exchange but RSA's, as some old
// gateways have it.
func RSAOnlyTLS() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{selfSigned(rsaKey())},
		MinVersion:   tls.VersionTLS12,
		MaxVersion:   tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256},
	}
}

// TLS10 is TLS 1.0 and nothing newer.
func TLS10() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{selfSigned(rsaKey())},
		MinVersion:   tls.VersionTLS10,
		MaxVersion:   tls.VersionTLS10,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
	}
}

func ecdsaKey() crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return key
}

func rsaKey() crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return key
}

// selfSigned is a certificate that no address matches.
func selfSigned(key crypto.Signer) tls.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "envoy.local"},
		DNSNames:     []string{"envoy.local"},
		NotBefore:    time.Now().AddDate(-1, 0, 0),
		NotAfter:     time.Now().AddDate(20, 0, 0),
		IsCA:         true, // so that a client may trust it as its own root
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,

		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err) // a fixed template and a fresh key: it cannot fail
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
