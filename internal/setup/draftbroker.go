package setup

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"

	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// errNotPlain is the error of a value that a line of the file cannot hold.
var errNotPlain = errors.New("must be plain text")

// BrokerAddress returns the address of the broker to offer.
func (d *Draft) BrokerAddress() string { return cmp.Or(BrokerURL(*d.Broker), "mqtt://localhost:1883") }

// UseBroker selects the broker at an address as [config.ParseBrokerURL] accepts it. A
// user in the address replaces the present one; hasUser is true if there is one.
func (d *Draft) UseBroker(address string) (hasUser bool, err error) {
	url, err := config.ParseBrokerURL(address)
	if err != nil {
		return false, err
	}
	user := url.User
	if user == nil {
		d.Broker.URL, d.Broker.Supervisor = url, ""
		return false, nil
	}
	password, _ := user.Password()
	if !config.IsPlainText(user.Username() + password) { // such as %0A
		return false, errNotPlain
	}
	d.Broker.URL, d.Broker.Supervisor = url, ""
	d.Broker.Username, d.Broker.Password, url.User = user.Username(), config.Secret(password), nil // they have keys of their own
	return true, nil
}

// ConnectBroker tries the broker.
func (d *Draft) ConnectBroker(ctx context.Context) BrokerResult {
	d.Keep(BrokerPart, "")
	return d.TryBroker(ctx, *d.Broker)
}

// UseAuthority selects the file with the certificate of the authority that has signed
// the broker's.
func (d *Draft) UseAuthority(path string) error {
	if !config.IsPlainText(path) {
		return errNotPlain
	}
	trial := *d.Broker
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

// KeepBroker keeps a broker that did not accept a connection.
func (d *Draft) KeepBroker() {
	d.Keep(BrokerPart, "The broker at "+BrokerURL(*d.Broker)+" did not accept a connection.")
}
