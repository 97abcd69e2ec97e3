package main

import (
	"cmp"
	"path/filepath"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

// askBroker asks for the broker until it accepts a connection, or the user keeps
// one that does not.
func (i *interview) askBroker() error {
	i.Heading("MQTT broker")
	for {
		if err := i.askBrokerAddress(); err != nil {
			return err
		}
		i.Say("Connecting to the broker …")
		result := i.TryBroker(i.Ctx, *i.broker)
		if result.TLS != nil {
			used, err := i.offerTLS(result)
			if err != nil {
				return err
			}
			if used {
				result = i.TryBroker(i.Ctx, *i.broker)
			}
		}
		if result.Untrusted && result.TLS == nil {
			if err := i.askAuthority(); err != nil {
				return err
			}
			result = i.TryBroker(i.Ctx, *i.broker)
		}
		if result.Err == nil {
			i.Say("The broker accepts the connection.")
			return nil
		}
		i.Say("The connection failed: %v", result.Err)
		how, err := i.SelectOne("Try again, or continue without the broker (again or continue)", "again", "continue")
		if err != nil {
			return err
		}
		if how == "continue" {
			i.keep("The broker at " + setup.BrokerURL(*i.broker) + " did not accept a connection.")
			return nil
		}
	}
}

// askBrokerAddress asks for the broker's address and its user.
func (i *interview) askBrokerAddress() error {
	address, err := i.Ask("Address of the broker", cmp.Or(setup.BrokerURL(*i.broker), "mqtt://localhost:1883"), func(text string) (string, error) {
		_, err := config.ParseBrokerURL(text)
		return text, err
	})
	if err != nil {
		return err
	}
	url, err := config.ParseBrokerURL(address)
	if err != nil {
		return err
	}
	i.broker.URL, i.broker.Supervisor = url, ""
	if user := url.User; user != nil { // has keys of its own
		password, _ := user.Password()
		i.broker.Username, i.broker.Password, url.User = user.Username(), config.Secret(password), nil
	}
	return i.askUser("User name", &i.broker.Username, &i.broker.Password)
}

// offerTLS offers the address at which the broker speaks TLS, and reports whether
// it is used.
func (i *interview) offerTLS(r setup.BrokerResult) (used bool, err error) {
	i.Say("The broker speaks TLS at %s, which encrypts the password and the data.", r.TLS)
	used, err = i.Confirm("Use TLS?", true)
	if err != nil || !used {
		return false, err
	}
	i.broker.URL = r.TLS
	if r.Untrusted {
		return true, i.askAuthority()
	}
	return true, nil
}

// askAuthority asks for the certificate of the authority that has signed the
// broker's.
func (i *interview) askAuthority() error {
	i.Say("The broker's certificate comes from an authority that this computer does not know, usually one of your own.")
	path, err := i.Ask("File with the authority's certificate (PEM)", i.broker.CAFile, func(text string) (string, error) {
		if _, err := prompt.Required(text); err != nil {
			return "", err
		}
		trial := *i.broker
		trial.CAFile = text
		if _, err := brokerConfig(trial); err != nil {
			return "", err
		}
		return filepath.Abs(text) // the bridge may start in another folder
	})
	if err == nil {
		i.broker.CAFile = path
	}
	return err
}

// wordList returns the words that can be answered, in parentheses.
func wordList(words []string) string {
	last := len(words) - 1
	return " (" + strings.Join(words[:last], ", ") + " or " + words[last] + ")"
}
