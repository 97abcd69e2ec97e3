package outbox_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// serve sends the content of o to b until the test ends.
func serve(t *testing.T, o *outbox.Outbox, b *mqtttest.Broker) {
	t.Helper()
	serveWriter(t, &outbox.Writer{Outbox: o}, b)
}

// serveWriter returns a channel that receives the unacknowledged topics of each
// connection that has ended.
func serveWriter(t *testing.T, w *outbox.Writer, b *mqtttest.Broker) <-chan []string {
	t.Helper()
	connected := make(chan struct{}) // closed when w.Client is set
	ends := make(chan []string, 10)
	ready := make(chan struct{})
	close(ready)
	client, err := mqtt.Connect(t.Context(), mqtt.Config{
		URL:      &url.URL{Scheme: "mqtt", Host: "broker"},
		ClientID: "us",
		Dial:     b.Dial,
		OnUp: func(ctx context.Context, c mqtt.Capabilities) {
			<-connected
			ends <- w.Serve(ctx, c, ready)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Client = client
	close(connected)
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		client.Close(ended)
		b.Close()
	})
	synctest.Wait()
	return ends
}

// received returns the messages whose topic ends in suffix, in order.
func received(b *mqtttest.Broker, suffix string) (rs []mqtttest.Record) {
	for _, r := range b.Messages() {
		if strings.HasSuffix(r.Topic, suffix) {
			rs = append(rs, r)
		}
	}
	return rs
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
