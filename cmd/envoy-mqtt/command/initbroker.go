package command

import (
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
		result := i.ConnectBroker(i.Ctx)
		if result.TLS != nil {
			used, err := i.offerTLS(result)
			if err != nil {
				return err
			}
			if used {
				result = i.ConnectBroker(i.Ctx)
			}
		}
		if result.Untrusted && result.TLS == nil {
			if err := i.askAuthority(); err != nil {
				return err
			}
			result = i.ConnectBroker(i.Ctx)
		}
		if result.Err == nil {
			i.Say("The broker accepts the connection.")
			return nil
		}
		i.Say("The connection failed: %v", result.Err)
		again, err := i.askAgain("the broker")
		if err != nil {
			return err
		}
		if !again {
			i.KeepBroker()
			return nil
		}
	}
}

// askBrokerAddress asks for the broker's address and its user.
func (i *interview) askBrokerAddress() error {
	address, err := i.Ask("Address of the broker", i.BrokerAddress(), func(text string) (string, error) {
		_, err := config.ParseBrokerURL(text)
		return text, err
	})
	if err != nil {
		return err
	}
	if _, err := i.UseBroker(address); err != nil {
		return err
	}
	name, password, err := i.askUser("User name", i.Broker.Username, i.Broker.Password)
	if err != nil {
		return err
	}
	i.Broker.Username, i.Broker.Password = name, config.Secret(password)
	return nil
}

// offerTLS offers the address at which the broker speaks TLS, and reports whether
// it is used.
func (i *interview) offerTLS(r setup.BrokerResult) (used bool, err error) {
	i.Say("The broker speaks TLS at %s, which encrypts the password and the data.", r.TLS)
	used, err = i.Confirm("Use TLS?", true)
	if err != nil || !used {
		return false, err
	}
	i.Broker.URL = r.TLS
	if r.Untrusted {
		return true, i.askAuthority()
	}
	return true, nil
}

// askAuthority asks for the certificate of the authority that has signed the
// broker's.
func (i *interview) askAuthority() error {
	i.Say("The broker's certificate comes from an authority that this computer does not know, usually one of your own.")
	_, err := i.Ask("File with the authority's certificate (PEM)", i.Broker.CAFile, func(text string) (string, error) {
		if _, err := prompt.Required(text); err != nil {
			return "", err
		}
		return text, i.UseAuthority(text)
	})
	return err
}
