package main

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// listenBroker serves a simulated broker on a free port of the loopback interface,
// with TLS if secure is not nil. It returns host and port.
func listenBroker(t *testing.T, b *mqtttest.Broker, secure *tls.Config) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	t.Cleanup(func() { l.Close(); b.Close() })
	go func() { // ends when l is closed
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			broker, err := b.Dial(context.Background(), "tcp", "")
			if err != nil {
				client.Close()
				continue
			}
			go relay(client, broker)
			go relay(broker, client)
		}
	}()
	return host, port
}

// relay copies what from sends, until one of the connections ends.
func relay(to io.WriteCloser, from io.ReadCloser) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
}

// TestTryBroker checks what is reported about a broker, and where TLS is found.
func TestTryBroker(t *testing.T) {
	certificate, authority := selfSigned(t)
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}}
	host, plain := listenBroker(t, new(mqtttest.Broker), nil)
	_, withTLS := listenBroker(t, new(mqtttest.Broker), secure)
	refusing := new(mqtttest.Broker)
	refusing.Refuse(0x86)
	_, refused := listenBroker(t, refusing, nil)
	s := setup{stateDir: t.TempDir()}
	for _, tt := range []struct {
		name, url, caFile string
		usual             string // port of MQTT over TLS
		err               string // part of it; empty = none
		tls               string
		untrusted         bool
	}{
		{"plain", "mqtt://" + host + ":" + plain, "", "1", "", "", false},
		{"TLS on the usual port", "mqtt://" + host + ":" + plain, authority, withTLS, "", "mqtts://" + host + ":" + withTLS, false},
		{"its authority is unknown", "mqtt://" + host + ":" + plain, "", withTLS, "", "mqtts://" + host + ":" + withTLS, true},
		{"TLS on this port", "mqtt://" + host + ":" + withTLS, authority, "1", "TLS", "mqtts://" + host + ":" + withTLS, false},
		{"TLS in use", "mqtts://" + host + ":" + withTLS, authority, "1", "", "", false},
		{"TLS in use, authority unknown", "mqtts://" + host + ":" + withTLS, "", "1", "authority", "", true},
		{"wrong password", "mqtt://" + host + ":" + refused, "", "1", "wrong user name or password", "", false},
		{"nobody", "mqtt://" + host + ":1", "", "1", "connection refused", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer func(port string) { tlsPort = port }(tlsPort)
			tlsPort = tt.usual
			url, err := config.ParseBrokerURL(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			got := s.tryBroker(t.Context(), config.MQTT{URL: url, CAFile: tt.caFile, VerifySSL: true})
			if (got.Err == nil) != (tt.err == "") || got.Err != nil && !strings.Contains(got.Err.Error(), tt.err) {
				t.Errorf("Err = %v, want %q", got.Err, tt.err)
			}
			if found := ""; got.TLS != nil || tt.tls != "" {
				if got.TLS != nil {
					found = got.TLS.String()
				}
				if found != tt.tls {
					t.Errorf("TLS = %s, want %s", found, tt.tls)
				}
			}
			if got.Untrusted != tt.untrusted {
				t.Errorf("Untrusted = %t, want %t", got.Untrusted, tt.untrusted)
			}
		})
	}
}

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

// TestInitAuthority checks that init asks for the certificate of an unknown
// authority when TLS is chosen, and writes CA_FILE.
func TestInitAuthority(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	certificate, authority := selfSigned(t)
	_, port := listenBroker(t, new(mqtttest.Broker), &tls.Config{Certificates: []tls.Certificate{certificate}})
	token := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})
	cmd := h.initCommand(t, h.server.Addr, "token", token, h.broker.address, "", "y", "/no/such/file", authority)
	cmd.Env = append(cmd.Env, "TEST_TLS_PORT="+port)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "[MQTT] CA_FILE: open /no/such/file") {
		t.Errorf("%v\n%s", err, out)
	}
	wantFile(t, h.configPath(), "[ENVOY]", "HOST = "+h.server.Addr, "TOKEN = "+token, "[MQTT]", "URL = mqtts://127.0.0.1:"+port, "CA_FILE = "+authority)
}
