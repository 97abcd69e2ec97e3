package mqtt

import (
	"net/url"
	"strings"
	"testing"
)

func TestConnectConfiguration(t *testing.T) {
	for raw, words := range map[string]string{
		"http://ann:secret@broker":   "the scheme must be",
		"mqtt://ann:secret@":         "no host",
		"mqtt://broker:65536":        "the port must be",
		"broker.local:1883":          "the scheme must be",
		"mqtts:///only/a/path":       "no host",
		"unix:///run/mosquitto.sock": "the scheme must be",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Connect(t.Context(), Config{URL: u})
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "secret") {
			t.Errorf("connect to %s: %v, want %q and no password", u.Redacted(), err, words)
		}
	}
	if _, err := Connect(t.Context(), Config{}); err == nil {
		t.Error("connect without a URL returned nil")
	}
}

func TestServer(t *testing.T) {
	for raw, want := range map[string]string{
		"mqtt://broker":                 "mqtt://broker:1883",
		"tcp://ann:secret@broker:1884":  "tcp://broker:1884",
		"mqtts://broker":                "mqtts://broker:8883",
		"tls://[fe80::1]":               "tls://[fe80::1]:8883",
		"ssl://broker":                  "ssl://broker:8883",
		"ws://broker":                   "ws://broker:80/mqtt",
		"wss://broker/path/":            "wss://broker:443/path/",
		"WSS://broker:8084/mqtt?k=veil": "wss://broker:8084/mqtt",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Config{URL: u}).serverURL().String(); got != want {
			t.Errorf("server of %s = %s, want %s", u.Redacted(), got, want)
		}
	}
}
