package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/blocking"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// optionsPath is the path of the options of the Home Assistant app. "" is the
// default; tests change it.
var optionsPath = ""

// sources returns the places that the configuration is read from.
func (c *console) sources() config.Sources {
	return config.Sources{File: c.configPath, Options: optionsPath, Environ: c.environ, Flags: c.flags}
}

// readConfig reads the configuration. It returns an error if ctx ends first.
func (c *console) readConfig(ctx context.Context) (config.Config, error) {
	return blocking.Call(ctx, func() (config.Config, error) { return loadConfig(c.sources()) })
}

// loadConfig is [config.Load], and says how to write a file that does not exist.
func loadConfig(from config.Sources) (config.Config, error) {
	cfg, err := config.Load(from)
	if from.File != "" && errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; run envoy-mqtt init --config %s to write it", err, from.File)
	}
	return cfg, err
}

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
