package setup

import (
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestConnectBroker checks what is reported about a broker, and where TLS is found.
func TestConnectBroker(t *testing.T) {
	server := httptest.NewTLSServer(nil) // for its certificate
	defer server.Close()
	secure := &tls.Config{Certificates: server.TLS.Certificates}
	authority := proctest.WriteFile(t, filepath.Join(t.TempDir(), "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	host, plain := mqtttest.Listen(t, new(mqtttest.Broker), nil)
	_, withTLS := mqtttest.Listen(t, new(mqtttest.Broker), secure)
	refusing := new(mqtttest.Broker)
	refusing.Refuse(0x86)
	_, refused := mqtttest.Listen(t, refusing, nil)
	d, err := NewDraft(config.Sources{File: filepath.Join(t.TempDir(), "config.ini"), Environ: []string{"STATE_DIRECTORY=" + t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	usual := TLSPort
	defer func() { TLSPort = usual }()
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
			TLSPort = tt.usual
			url, err := config.ParseBrokerURL(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			d.Broker.URL, d.Broker.CAFile = url, tt.caFile
			got := d.ConnectBroker(t.Context())
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
