package command

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// selfSigned returns a certificate for 127.0.0.1 and the path of its authority's.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	path := proctest.WriteFile(t, filepath.Join(t.TempDir(), "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, path
}

// secureBroker returns the port of a broker with TLS and the path of its authority's
// certificate.
func secureBroker(t *testing.T) (port, authority string) {
	t.Helper()
	certificate, authority := selfSigned(t)
	_, port = mqtttest.Listen(t, new(mqtttest.Broker), &tls.Config{Certificates: []tls.Certificate{certificate}})
	return port, authority
}

// TestInitAuthority checks that init asks for the certificate of an unknown
// authority when TLS is chosen, and writes CA_FILE.
func TestInitAuthority(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	port, authority := secureBroker(t)
	token := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})
	cmd := h.initCommand(t, h.server.Addr, "token", token, h.broker.address, "", "y", "/no/such/file", authority)
	cmd.Env = append(cmd.Env, "TEST_TLS_PORT="+port)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "[MQTT] CA_FILE: open /no/such/file") {
		t.Errorf("%v\n%s", err, out)
	}
	wantFile(t, h.configPath(), "[ENVOY]", "HOST = "+h.server.Addr, "TOKEN = "+token, "[MQTT]", "URL = mqtts://127.0.0.1:"+port, "CA_FILE = "+authority)
}
