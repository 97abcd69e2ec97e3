package config

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// writeFile writes text to a new file with this name and mode 0600, and returns its
// path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load loads text as config.ini. It returns the lines of the error without the
// file's folder.
func load(t *testing.T, text string, environ ...string) (Config, []string) {
	t.Helper()
	return loadWithOptions(t, "", text, environ...)
}

// loadWithOptions is load with the path of the Home Assistant app's options.
func loadWithOptions(t *testing.T, options, text string, environ ...string) (Config, []string) {
	t.Helper()
	path := writeFile(t, "config.ini", text)
	cfg, err := Load(Sources{File: path, Options: options, Environ: environ})
	if err == nil {
		return cfg, nil
	}
	return cfg, strings.Split(strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", ""), "\n")
}

// defaults returns the configuration of a section [ENVOY] with HOST = envoy.local
// only.
func defaults() Config {
	return Config{
		General:       General{LogLevel: "info", LogFormat: "text", StateDir: "/var/lib/envoy-mqtt"},
		MQTT:          MQTT{URL: &url.URL{Scheme: "mqtt", Host: "localhost:1883"}, Topic: "envoy", VerifySSL: true},
		HomeAssistant: HomeAssistant{Discovery: DiscoveryByDevice, Prefix: "homeassistant", Interval: 10 * time.Second},
		Enlighten: Enlighten{
			LoginURL: "https://enlighten.enphaseenergy.com/login/login.json",
			TokenURL: "https://entrez.enphaseenergy.com/tokens",
			FormURL:  "https://entrez.enphaseenergy.com/login",
		},
		Gateways: []Gateway{{
			Section: "ENVOY", Host: "envoy.local", Source: envoy.AutoSource,
			Timeout: 45 * time.Second, StaleAfter: 2 * time.Minute,
			Multiplier: []float64{1}, Offset: []float64{0},
		}},
	}
}
