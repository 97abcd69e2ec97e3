//go:build budget && linux

package budget_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// startMosquitto returns the address of a broker of its own.
func startMosquitto(t *testing.T) string {
	t.Helper()
	return "127.0.0.1:" + proctest.Mosquitto(t)
}

// An arrival is a message at the subscriber.
type arrival struct {
	at      time.Time
	topic   string
	payload string
}

// subscribe returns what comes under the topic filters. The channel holds more
// than any test leaves in it.
func subscribe(t *testing.T, broker string, filters ...string) <-chan arrival {
	t.Helper()
	conn, err := net.Dial("tcp", broker)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan arrival, 1<<16)
	client := paho.NewClient(paho.ClientConfig{
		Conn: conn,
		OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
			got <- arrival{time.Now(), p.Packet.Topic, string(p.Packet.Payload)}
			return true, nil
		}},
	})
	ctx := context.Background()
	if _, err := client.Connect(ctx, &paho.Connect{ClientID: fmt.Sprintf("subscriber%p", conn), KeepAlive: 30, CleanStart: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(&paho.Disconnect{}) })
	s := &paho.Subscribe{}
	for _, f := range filters {
		s.Subscriptions = append(s.Subscriptions, paho.SubscribeOptions{Topic: f})
	}
	if _, err := client.Subscribe(ctx, s); err != nil {
		t.Fatal(err)
	}
	return got
}

// next waits for the next message.
func next(t *testing.T, got <-chan arrival) arrival {
	t.Helper()
	select {
	case a := <-got:
		return a
	case <-time.After(time.Minute):
		t.Fatal("no message in a minute")
		return arrival{}
	}
}
