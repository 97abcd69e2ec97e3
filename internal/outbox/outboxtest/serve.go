// Package outboxtest connects an outbox to a simulated broker, for tests.
package outboxtest

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// Serve sends the content of w's outbox to b until the test ends. It must be
// called inside a synctest bubble. The channel receives the unacknowledged topics
// of each connection that has ended.
func Serve(t *testing.T, w *outbox.Writer, b *mqtttest.Broker) <-chan []string {
	t.Helper()
	ready := make(chan struct{})
	close(ready)
	ends := make(chan []string, 10)
	client, err := mqtt.Connect(t.Context(), mqtt.Config{
		URL:      &url.URL{Scheme: "mqtt", Host: "broker"},
		ClientID: "us",
		Dial:     b.Dial,
		OnUp: func(ctx context.Context, client *mqtt.Client, c mqtt.Capabilities) {
			ends <- w.Serve(ctx, client, c, ready)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		client.Close(ended)
		b.Close()
	})
	synctest.Wait()
	return ends
}

// Received returns the messages whose topic ends in suffix, in order.
func Received(b *mqtttest.Broker, suffix string) (rs []mqtttest.Record) {
	for _, r := range b.Messages() {
		if strings.HasSuffix(r.Topic, suffix) {
			rs = append(rs, r)
		}
	}
	return rs
}
