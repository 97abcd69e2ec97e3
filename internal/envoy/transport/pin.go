package transport

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
)

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

// recordCertificate records a certificate and returns its fingerprint.
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
