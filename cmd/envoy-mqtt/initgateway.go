package main

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
)

// discoverGateways finds the gateways on this network. Tests change it.
var discoverGateways = findGateways

// askGateway asks for the gateway until it answers, or the user keeps one that
// does not.
func (i *interview) askGateway() error {
	i.Heading("Gateway")
	i.Say("Searching this network …")
	found, err := discoverGateways(i.Ctx)
	if err != nil {
		i.Say("%v", err)
	}
	for n, d := range found {
		i.Say("%d  %s, firmware %s, at %s", n+1, cmp.Or(d.Serial, "no serial number"), cmp.Or(d.Firmware, "unknown"), cmp.Or(d.URL, d.Host, "an unknown address"))
	}
	if len(found) == 0 {
		i.Say("No gateway responds to multicast DNS. Your router shows its address.")
	}
	for {
		if err := i.selectGateway(found); err != nil {
			return err
		}
		i.Say("Reading the gateway …")
		reached, err := i.ReachGateway(i.Ctx, *i.gateway)
		if err == nil {
			i.serial = reached.Serial
			i.Say("Gateway %s, firmware %s, at %s", reached.Serial, reached.Firmware, reached.URL)
			i.needsToken = reached.NeedsToken
			return nil
		}
		i.Say("The gateway was not reached: %v", withHint(err))
		i.needsToken, i.serial = true, "" // as all current firmware does
		keep, err := i.Confirm("Keep this address although the gateway does not answer?", false)
		if err != nil {
			return err
		}
		if keep {
			i.keep("The gateway at " + i.gateway.Host + " did not answer.")
			return nil
		}
	}
}

// selectGateway asks for one of the gateways found, or another address.
func (i *interview) selectGateway(found []discovered) error {
	question, def := "Name or address of the gateway", cmp.Or(i.gateway.Host, "envoy.local")
	if len(found) > 0 {
		question, def = "Number of the gateway, or the name or address of another", cmp.Or(i.gateway.Host, "1")
	}
	answer, err := i.Ask(question, def, func(text string) (string, error) {
		if n, err := strconv.Atoi(text); err == nil {
			if n < 1 || n > len(found) {
				return "", fmt.Errorf("there is no gateway %d", n)
			}
			return text, nil
		}
		return config.ParseHost(text)
	})
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(answer); err == nil {
		i.gateway.Host, i.gateway.Serial = envoy.Auto, found[n-1].Serial
	} else if answer != i.gateway.Host {
		i.gateway.Host, i.gateway.Serial = answer, ""
	}
	return nil
}

// askOwnUser asks for the user of a gateway whose firmware needs no token, until
// the gateway accepts it.
func (i *interview) askOwnUser() error {
	for {
		if err := i.askUser("User name of the gateway", &i.gateway.Username, &i.gateway.Password); err != nil {
			return err
		}
		i.Say("Reading the gateway …")
		err := i.TryAccess(i.Ctx, *i.gateway, i.serial, nil)
		if err == nil {
			i.Say("The gateway gives its values.")
			return nil
		}
		i.Say("The gateway gives no values: %v", withHint(err))
		again, err := i.SelectOne("Try again, or continue without it (again or continue)", "again", "continue")
		if err != nil {
			return err
		}
		if again == "continue" {
			i.keep("The gateway gave no values.")
			return nil
		}
	}
}

// askUser asks for an optional user name and the password. If there is a present
// name, "-" removes both.
func (i *interview) askUser(question string, username *string, password *config.Secret) error {
	note := ", empty for none"
	if *username != "" {
		note = ", - for none"
	}
	name, err := i.Ask(question+note, *username, prompt.Optional)
	if err != nil {
		return err
	}
	present := password.Reveal()
	if name != *username {
		present = ""
	}
	if name == "-" || name == "" {
		*username, *password = "", ""
		return nil
	}
	secret, err := i.AskSecret("Password", present, prompt.Required)
	if err != nil {
		return err
	}
	*username, *password = name, config.Secret(secret)
	return nil
}
