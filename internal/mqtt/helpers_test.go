package mqtt

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

var lastWill = Message{Topic: "envoy/bridge/state", Payload: []byte("offline"), Retain: true, QoS: 1}

// A recorder records what a client reports.
type recorder struct {
	mu        sync.Mutex
	start     time.Time
	downs     []error
	errs      []error
	downAfter []time.Duration // since start, for each of downs
	messages  []string
}

// record returns cfg with the recorder's functions. It keeps OnUp.
func (d *recorder) record(cfg Config) Config {
	d.start = time.Now()
	cfg.OnDown = func(err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.downs, d.downAfter = append(d.downs, err), append(d.downAfter, time.Since(d.start))
	}
	cfg.OnError = func(err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.errs = append(d.errs, err)
	}
	cfg.OnMessage = func(topic string, payload []byte, retained bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.messages = append(d.messages, fmt.Sprintf("%s %s %t", topic, payload, retained))
	}
	return cfg
}

// configFor returns the configuration of a client of b.
func configFor(b *mqtttest.Broker) Config {
	return Config{URL: &url.URL{Scheme: "mqtt", Host: "broker"}, ClientID: "us", Dial: b.Dial, Will: lastWill}
}

// connectTo returns a client of b that calls the functions of handlers. It is
// connected if b accepts it, and closed without DISCONNECT at the test's end.
func connectTo(t *testing.T, b *mqtttest.Broker, handlers Config) *Client {
	t.Helper()
	cfg := configFor(b)
	cfg.OnUp, cfg.OnDown, cfg.OnError, cfg.OnMessage = handlers.OnUp, handlers.OnDown, handlers.OnError, handlers.OnMessage
	client, err := Connect(t.Context(), cfg)
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
	return client
}

// advance waits for d, and until everything that is due then is done.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// message returns a message to publish.
func message(topic string, qos byte) Message {
	return Message{Topic: topic, Payload: []byte("x"), QoS: qos}
}

// publish sends m and, with QoS 1, returns the broker's answer.
func publish(ctx context.Context, client *Client, m Message) error {
	answer := make(chan error, 1)
	pending, err := client.Publish(m, func(err error) { answer <- err })
	if err != nil || !pending {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
