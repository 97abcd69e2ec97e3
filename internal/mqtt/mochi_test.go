package mqtt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// A testCA signs certificates.
type testCA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newTestCA(t *testing.T) *testCA {
	t.Helper()
	a := &testCA{pool: x509.NewCertPool()}
	a.cert, a.key = a.sign(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.pool.AddCert(a.cert)
	return a
}

// sign completes and signs a certificate. The first one is self-signed.
func (a *testCA) sign(t *testing.T, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.Subject = pkix.Name{CommonName: c.SerialNumber.String()} // must differ from the issuer's, or the certificate counts as self-signed
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// issue returns a certificate for servers of the given names, or for clients.
func (a *testCA) issue(t *testing.T, names ...string) tls.Certificate {
	t.Helper()
	c := &x509.Certificate{DNSNames: names, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	cert, key := a.sign(t, c)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// onlyAnn is mochi's access list: it accepts the user ann with the password right.
type onlyAnn struct{ mochi.HookBase }

func (onlyAnn) Provides(hook byte) bool {
	return hook == mochi.OnConnectAuthenticate || hook == mochi.OnACLCheck
}

func (onlyAnn) OnConnectAuthenticate(_ *mochi.Client, p packets.Packet) bool {
	return string(p.Connect.Username) == "ann" && string(p.Connect.Password) == "right"
}

func (onlyAnn) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// startMochi starts the broker mochi on loopback, on WebSocket if ws is set, with
// TLS if secure is not nil. It returns the address.
func startMochi(t *testing.T, ws bool, secure *tls.Config) string {
	t.Helper()
	s := mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := s.AddHook(new(onlyAnn), nil); err != nil {
		t.Fatal(err)
	}
	var l listeners.Listener = listeners.NewTCP(listeners.Config{ID: "t", Address: "127.0.0.1:0", TLSConfig: secure.Clone()})
	if ws {
		l = listeners.NewWebsocket(listeners.Config{ID: "t", Address: "127.0.0.1:" + proctest.FreePort(t), TLSConfig: secure.Clone()})
	}
	if err := s.AddListener(l); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(func(string) {}) }) // mochi's own Close has a race with a new client
	return l.Address()
}
