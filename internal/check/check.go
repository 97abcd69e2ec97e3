// Package check checks everything that the bridge needs, and reports the results.
package check

import (
	"cmp"
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// All checks the configuration cfg, its state folder, gateways, tokens and broker.
func All(ctx context.Context, r *Report, cfg config.Config) {
	all := len(cfg.Gateways)
	cfg.Gateways = cfg.OwnGateways()
	r.Good("configuration", "%s: %s", cmp.Or(cfg.File, "environment"), terminal.Count(len(cfg.Gateways), "gateway"))
	if shard := cfg.General.Shard; shard.IsSet() {
		r.Good("shard", "%v, of %s", shard, terminal.Count(all, "gateway"))
	}
	for _, w := range cfg.Warnings {
		r.Note("configuration", "%s", w)
	}
	dir := cfg.General.StateDir
	if err := state.CheckExposed(dir); err != nil {
		r.Note("state folder", "%v", err)
	}
	if err := state.CheckWritable(dir); err != nil {
		r.Note("state folder", "%v: tokens will not outlive a restart; set STATE_DIR to a folder that can be written", err)
	} else {
		r.Good("state folder", "%s", dir)
	}
	if cfg.General.Shard.IsSet() {
		if err := state.ProbeLocks(dir); err != nil {
			r.Bad("state folder", err)
		}
	}
	for _, g := range gateway.New(cfg) {
		r.gateway(ctx, g, cfg)
	}
	r.broker(ctx, cfg)
	if !r.JSON {
		r.conclude()
	}
}

// brokerCheckTimeout limits the check of the broker.
const brokerCheckTimeout = 20 * time.Second

// broker checks that the broker accepts us, and reports what it does not support.
func (r *Report) broker(ctx context.Context, cfg config.Config) {
	step := "broker"
	connection, err := broker.ForCommand(cfg.MQTT, cfg.OwnDir(), "check")
	if err != nil {
		r.Bad(step, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, brokerCheckTimeout)
	defer cancel()
	supported, err := mqtt.Probe(ctx, connection)
	if err != nil {
		r.Bad(step, err)
		return
	}
	r.Good(step, "%s accepts the connection", broker.Name(cfg.MQTT))
	if supported.MaxQoS == 0 {
		r.Note(step, "it does not support QoS 1: a message that is lost is not sent again. Allow QoS 1 (Mosquitto: max_qos 2)")
	}
	if !supported.RetainAvailable {
		r.Note(step, "it does not support retained messages: after a restart, Home Assistant and other programs have no values, availability or devices until they are published again. Allow retained messages (Mosquitto: retain_available true)")
	}
}
