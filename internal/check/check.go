// Package check checks everything that the bridge needs, and reports the results.
package check

import (
	"cmp"
	"context"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// All checks the configuration cfg, its state folder, gateways, tokens and broker.
func All(ctx context.Context, r *Report, cfg config.Config, environ []string) {
	r.Good("configuration", "%s: %s", cmp.Or(cfg.File, "environment"), terminal.Count(len(cfg.Gateways), "gateway"))
	for _, w := range cfg.Warnings {
		r.Note("configuration", "%s", w)
	}
	dir := cfg.StateDir(environ)
	if err := state.CheckExposed(dir); err != nil {
		r.Note("state folder", "%v", err)
	}
	if err := state.CheckWritable(dir); err != nil {
		r.Note("state folder", "%v: tokens will not outlive a restart; set STATE_DIR to a folder that can be written", err)
	} else {
		r.Good("state folder", "%s", dir)
	}
	for _, g := range gateway.New(cfg, dir) {
		r.gateway(ctx, g, cfg)
	}
	r.broker(ctx, cfg, environ)
	if !r.JSON {
		r.conclude()
	}
}
