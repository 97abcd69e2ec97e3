package main

import (
	"context"

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
	return callCtx(ctx, func() (config.Config, error) { return config.Load(c.sources()) })
}

// callCtx returns the results of f, or the error of ctx if ctx ends first. f then
// continues in the background, because some operations cannot be interrupted, such
// as reading a terminal or a file on a network share that does not respond.
func callCtx[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	go func() {
		value, err := f()
		results <- result{value, err}
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}
