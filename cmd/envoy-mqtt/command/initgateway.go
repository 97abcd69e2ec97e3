package command

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

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
		reached, err := i.Reach(i.Ctx)
		if err == nil {
			i.Say("Gateway %s, firmware %s, at %s", reached.Serial, reached.Firmware, reached.URL)
			return nil
		}
		i.Say("The gateway was not read: %v", hint.Add(err))
		keep, err := i.Confirm("Keep this address although no gateway was read there?", false)
		if err != nil {
			return err
		}
		if keep {
			i.KeepGateway()
			return nil
		}
	}
}

// selectGateway asks for one of the gateways found, or another address.
func (i *interview) selectGateway(found []setup.Found) error {
	question, def := "Name or address of the gateway", cmp.Or(i.Gateway.Host, "envoy.local")
	if len(found) > 0 {
		question, def = "Number of the gateway, or the name or address of another", cmp.Or(i.Gateway.Host, "1")
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
		i.UseFound(found[n-1])
	} else {
		i.UseHost(answer)
	}
	return nil
}
