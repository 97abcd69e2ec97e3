package main

import (
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// brokerCheckTimeout limits the check of the broker.
const brokerCheckTimeout = 20 * time.Second

// broker checks that the broker accepts us, and reports what it does not support.
func (r *report) broker(ctx context.Context, cfg config.Config) {
	step := "broker"
	broker, err := brokerFor(cfg, r.c.environ, "check")
	if err != nil {
		r.bad(step, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, brokerCheckTimeout)
	defer cancel()
	supported, err := mqtt.Probe(ctx, broker)
	if err != nil {
		r.bad(step, err)
		return
	}
	where := "Home Assistant's broker"
	if broker.Resolve == nil {
		where = broker.URL.Redacted()
	}
	r.good(step, "%s lets us in", where)
	if supported.MaxQoS == 0 {
		r.note(step, "it does not support QoS 1: a message that is lost is not sent again. Allow QoS 1 (Mosquitto: max_qos 2)")
	}
	if !supported.RetainAvailable {
		r.note(step, "it does not support retained messages: after a restart, Home Assistant and other programs have no values, availability or devices until they are published again. Allow retained messages (Mosquitto: retain_available true)")
	}
}

// brokerFor returns the configuration of a second connection to the broker, for a
// command. It has a client id of its own, so that the broker does not disconnect
// the running bridge.
func brokerFor(cfg config.Config, environ []string, command string) (mqtt.Config, error) {
	broker, err := brokerConfig(cfg.MQTT)
	if err != nil {
		return broker, err
	}
	if broker.ClientID == "" {
		broker.ClientID, _ = state.ClientID(cfg.StateDir(environ)) // valid even if it cannot be stored
	}
	broker.ClientID += "-" + command
	return broker, nil
}
