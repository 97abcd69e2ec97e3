package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

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
