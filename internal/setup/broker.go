package setup

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// TLSPort is the usual port of MQTT over TLS. Tests change it.
var TLSPort = "8883"

// errNotPlain is the error of a value that a line of the file cannot hold.
var errNotPlain = errors.New("must be plain text")

// brokerURL returns the broker's address, empty if Home Assistant's Supervisor
// knows it.
func brokerURL(m config.MQTT) string {
	if m.URL == nil || m.Supervisor != "" {
		return ""
	}
	return m.URL.String()
}

// BrokerAddress returns the address of the broker to offer.
func (d *Draft) BrokerAddress() string { return cmp.Or(brokerURL(d.Broker), "mqtt://localhost:1883") }

// UseBroker selects the broker at an address as [config.ParseBrokerURL] accepts it. A
// user in the address replaces the present one; hasUser is true if there is one.
func (d *Draft) UseBroker(address string) (hasUser bool, err error) {
	url, err := config.ParseBrokerURL(address)
	if err != nil {
		return false, err
	}
	if url.User != nil {
		name := url.User.Username()
		password, _ := url.User.Password()
		if !config.IsPlainText(name + password) { // such as %0A
			return false, errNotPlain
		}
		d.Broker.Username, d.Broker.Password = name, config.Secret(password) // they have keys of their own
		url.User, hasUser = nil, true
	}
	d.Broker.URL, d.Broker.Supervisor = url, ""
	return hasUser, nil
}

// UseAuthority selects the file with the certificate of the authority that has signed
// the broker's.
func (d *Draft) UseAuthority(path string) error {
	if !config.IsPlainText(path) {
		return errNotPlain
	}
	trial := d.Broker
	trial.CAFile = path
	if _, err := broker.Config(trial); err != nil {
		return err
	}
	absolute, err := filepath.Abs(path) // the bridge may start in another folder
	if err == nil {
		d.Broker.CAFile = absolute
	}
	return err
}

// A BrokerResult is the result of [Draft.ConnectBroker].
type BrokerResult struct {
	Err error // why the broker was not reached, or does not accept us
	// TLS is the address at which the same host speaks MQTT over TLS. It is nil
	// if it does not, or if the connection used TLS.
	TLS *url.URL
	// Untrusted reports that TLS needs the certificate of an authority (CA_FILE).
	Untrusted bool
}

// ConnectBroker connects to the broker once and publishes nothing. Without TLS it also
// looks for it: on the port of the URL if that fails, and on the usual one.
func (d *Draft) ConnectBroker(ctx context.Context) BrokerResult {
	d.problems[brokerPart] = ""
	m, stateDir := d.Broker, d.Present.General.StateDir
	result := BrokerResult{Err: probe(ctx, m, stateDir, 10*time.Second)}
	if m.URL == nil || m.URL.Scheme != "mqtt" && m.URL.Scheme != "tcp" {
		result.Untrusted = isUntrusted(result.Err)
		return result
	}
	ports := []string{TLSPort}
	if port := m.URL.Port(); result.Err != nil && port != "" && port != TLSPort {
		ports = []string{port, TLSPort}
	}
	for _, port := range ports {
		secure := m
		secure.URL = &url.URL{Scheme: "mqtts", Host: net.JoinHostPort(m.URL.Hostname(), port)}
		err := probe(ctx, secure, stateDir, 3*time.Second)
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

func probe(ctx context.Context, m config.MQTT, stateDir string, timeout time.Duration) error {
	connection, err := broker.ForCommand(m, stateDir, "init")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err = mqtt.Probe(ctx, connection)
	return err
}

// KeepBroker keeps a broker that did not accept a connection.
func (d *Draft) KeepBroker() {
	d.problems[brokerPart] = "The broker at " + brokerURL(d.Broker) + " did not accept a connection."
}
