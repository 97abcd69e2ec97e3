package check

import (
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

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
