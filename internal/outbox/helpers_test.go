package outbox_test

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox/outboxtest"
)

// serve sends the content of o to b until the test ends.
func serve(t *testing.T, o *outbox.Outbox, b *mqtttest.Broker) {
	t.Helper()
	outboxtest.Serve(t, &outbox.Writer{Outbox: o}, b)
}

// publishLive publishes one live document per second. Its payload is the time.
func publishLive(o *outbox.Outbox, seconds int) {
	for range seconds {
		now := time.Now()
		m := mqtt.Message{Topic: "envoy/1/live", Payload: []byte(now.Format(time.RFC3339Nano))}
		o.SetLive("1", []mqtt.Message{m}, now.Add(time.Second))
		time.Sleep(time.Second)
	}
}

// delay returns how late a live document of publishLive was.
func delay(t *testing.T, r mqtttest.Record) time.Duration {
	t.Helper()
	measured, err := time.Parse(time.RFC3339Nano, r.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return r.Time.Sub(measured)
}
