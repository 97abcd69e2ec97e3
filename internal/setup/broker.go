package setup

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A BrokerResult is the result of [Setup.TryBroker].
type BrokerResult struct {
	Err error // why the broker was not reached, or does not accept us
	// TLS is the address at which the same host speaks MQTT over TLS. It is nil
	// if it does not, or if the connection used TLS.
	TLS *url.URL
	// Untrusted reports that TLS needs the certificate of an authority (CA_FILE).
	Untrusted bool
}

// TryBroker connects to a broker once and publishes nothing. Without TLS it also
// looks for it: on the port of the URL if that fails, and on the usual one.
func (s Setup) TryBroker(ctx context.Context, m config.MQTT) BrokerResult {
	result := BrokerResult{Err: s.probe(ctx, m, 10*time.Second)}
	if m.URL == nil || m.URL.Scheme != "mqtt" && m.URL.Scheme != "tcp" {
		result.Untrusted = isUntrusted(result.Err)
		return result
	}
	tlsPort := cmp.Or(s.TLSPort, "8883")
	ports := []string{tlsPort}
	if port := m.URL.Port(); result.Err != nil && port != "" && port != tlsPort {
		ports = []string{port, tlsPort}
	}
	for _, port := range ports {
		secure := m
		secure.URL = &url.URL{Scheme: "mqtts", Host: net.JoinHostPort(m.URL.Hostname(), port)}
		err := s.probe(ctx, secure, 3*time.Second)
		_, answered := errors.AsType[mqtt.ReasonCode](err)
		if untrusted := isUntrusted(err); err == nil || answered || untrusted {
			result.TLS, result.Untrusted = secure.URL, untrusted
			break
		}
	}
	return result
}

func isUntrusted(err error) bool {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return unknown
}

// probe connects to a broker, with a client id of its own so that the broker does
// not disconnect a running bridge.
func (s Setup) probe(ctx context.Context, m config.MQTT, timeout time.Duration) error {
	connection, err := broker.Config(m)
	if err != nil {
		return err
	}
	if connection.ClientID == "" {
		connection.ClientID, _ = state.ClientID(s.StateDir) // valid even if it cannot be stored
	}
	connection.ClientID += "-init"
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err = mqtt.Probe(ctx, connection)
	return err
}
