package broker

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// Config returns the address, credentials and TLS configuration of the
// broker. It reads the certificate files.
func Config(cfg config.MQTT) (mqtt.Config, error) {
	m := mqtt.Config{URL: cfg.URL, ClientID: cfg.ClientID, Username: cfg.Username, Password: cfg.Password.Reveal()}
	if cfg.Supervisor != "" {
		m.URL, m.Resolve = nil, supervisor{cfg.Supervisor}.broker
	}
	m.TLS = &tls.Config{InsecureSkipVerify: !cfg.VerifySSL, MinVersion: tls.VersionTLS12}
	if cfg.CAFile != "" {
		pem, err := state.ReadFile(cfg.CAFile, state.MaxFileSize)
		if err != nil {
			return m, fmt.Errorf("[MQTT] CA_FILE: %w", err)
		}
		m.TLS.RootCAs = x509.NewCertPool()
		if !m.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return m, fmt.Errorf("[MQTT] CA_FILE: %s holds no certificate in PEM form", cfg.CAFile)
		}
	}
	if cfg.CertFile != "" {
		cert, err := state.ReadFile(cfg.CertFile, state.MaxFileSize)
		if err != nil {
			return m, fmt.Errorf("[MQTT] CERT_FILE: %w", err)
		}
		key, err := state.ReadFile(cfg.KeyFile, state.MaxFileSize)
		if err != nil {
			return m, fmt.Errorf("[MQTT] KEY_FILE: %w", err)
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return m, fmt.Errorf("[MQTT] CERT_FILE and KEY_FILE: %w", err)
		}
		m.TLS.Certificates = []tls.Certificate{pair}
	}
	return m, nil
}

// Name returns what messages call the broker: its address, without the password.
func Name(cfg config.MQTT) string {
	if cfg.Supervisor != "" {
		return "Home Assistant's broker"
	}
	return cfg.URL.Redacted()
}

// ForCommand returns the configuration of a second connection, for a command. It has
// a client id of its own, so that the broker does not disconnect the running bridge,
// whose files are in dir.
func ForCommand(cfg config.MQTT, dir, command string) (mqtt.Config, error) {
	m, err := Config(cfg)
	if err != nil {
		return m, err
	}
	if m.ClientID == "" {
		m.ClientID, _ = state.ClientID(dir) // valid even if it cannot be stored
	}
	m.ClientID += "-" + command
	return m, nil
}
