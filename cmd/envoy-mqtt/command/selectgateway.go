package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// selectGateways returns the gateway of section, the value of --gateway, or all if it
// is "".
func selectGateways(all []config.Gateway, section string) ([]config.Gateway, error) {
	if section == "" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(g config.Gateway) bool { return strings.EqualFold(g.Section, section) })
	if i < 0 {
		return nil, fmt.Errorf("--gateway %s: there is no section [%s]; known: %s", section, strings.ToUpper(section), sectionNames(all))
	}
	return all[i : i+1], nil
}

// requireOne returns an error if there are several gateways.
func requireOne(gateways []config.Gateway) error {
	if len(gateways) > 1 {
		return fmt.Errorf("there are %d gateways; select one with --gateway: %s", len(gateways), sectionNames(gateways))
	}
	return nil
}

func sectionNames(gateways []config.Gateway) string {
	var names []string
	for _, g := range gateways {
		names = append(names, g.Section)
	}
	return strings.Join(names, ", ")
}
