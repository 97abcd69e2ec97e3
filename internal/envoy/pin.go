package envoy

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
)

// A PinError is a gateway that shows another certificate than the one that was
// pinned. Nothing has been sent to it.
type PinError struct {
	Got, Want string // SHA-256 of the certificates, lower case hex
}

func (e *PinError) Error() string {
	return fmt.Sprintf("the gateway's certificate is sha256:%s, not the pinned sha256:%s", e.Got, e.Want)
}

// inspect notes the gateway's certificate and compares it with the pinned one.
// It is a VerifyConnection because VerifyPeerCertificate is not called when a
// session is resumed.
func (t *transport) inspect(cs tls.ConnectionState) error {
	got := t.saw(cs.PeerCertificates[0])
	if want := t.opts.Fingerprint; want != "" && got != want {
		return &PinError{Got: got, Want: want}
	}
	return nil
}

// saw notes a certificate and returns its fingerprint.
func (t *transport) saw(leaf *x509.Certificate) string {
	sum := sha256.Sum256(leaf.Raw)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaf = hex.EncodeToString(sum[:])
	return t.leaf
}

// certificate returns the SHA-256 of the certificate that the gateway showed
// last, accepted or not, in hex, and whether it has shown one.
func (t *transport) certificate() (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.leaf, t.leaf != ""
}
