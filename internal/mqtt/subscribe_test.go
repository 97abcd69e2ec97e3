package mqtt

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

func TestSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(mqtttest.Broker), new(recorder)
		b.Publish("homeassistant/status", "online", true)
		b.Publish("elsewhere/status", "online", true)
		client := connectTo(t, b, d.record(Config{}))
		err := client.Subscribe(t.Context(), Subscription{Filter: "homeassistant/status", QoS: 1},
			Subscription{Filter: "envoy/bridge/+", NoLocal: true, RetainHandling: 2})
		if err != nil {
			t.Fatal(err)
		}
		publish(t.Context(), client, message("envoy/bridge/state", 1)) // our own
		b.Publish("envoy/bridge/state", "offline", true)
		b.Publish("envoy/bridge/state/more", "x", false)
		synctest.Wait()
		b.Drop()
		advance(2 * time.Second) // the session keeps the subscriptions
		b.Publish("homeassistant/status", "offline", false)
		synctest.Wait()
		want := []string{"homeassistant/status online true", "envoy/bridge/state offline false", "homeassistant/status offline false"}
		if !slices.Equal(d.messages, want) {
			t.Errorf("received %q, want %q", d.messages, want)
		}
	})
}

func TestSubscribeDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		b.Deny("secret/#", 0x87)
		client := connectTo(t, b, Config{})
		err := client.Subscribe(t.Context(), Subscription{Filter: "open/#"}, Subscription{Filter: "secret/#"})
		if !errors.Is(err, ReasonCode(0x87)) || !strings.HasPrefix(err.Error(), "subscribe: secret/#: not authorised") {
			t.Errorf("subscribe = %v, want that secret/# is not authorised", err)
		}
	})
}

// TestSubscribeObeysItsContext checks that Subscribe returns when its context ends, or
// after ackTimeout.
func TestSubscribeObeysItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		client := connectTo(t, b, Config{})
		b.Freeze()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := client.Subscribe(ctx, Subscription{Filter: "t"})
		if d := time.Since(start); d != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("subscribe = %v after %v, want %v after 1 s", err, d, context.DeadlineExceeded)
		}
		err = client.Subscribe(t.Context(), Subscription{Filter: "t"})
		if d := time.Since(start); d != time.Second+ackTimeout || !strings.Contains(err.Error(), "no answer from the broker within 10s") {
			t.Errorf("subscribe = %v after %v, want no answer within 10 s", err, d)
		}
	})
}

// The connection ends when a received packet is too large. The next one discards
// the broker's session, which would send the packet again.
func TestLargePacketReceived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(mqtttest.Broker), new(recorder)
		client := connectTo(t, b, d.record(Config{}))
		if err := client.Subscribe(t.Context(), Subscription{Filter: "t", QoS: 1}); err != nil {
			t.Fatal(err)
		}
		b.Publish("t", strings.Repeat("x", maxPacketSize), false)
		advance(time.Minute)
		b.Drop()
		advance(time.Minute)
		var clean []bool
		for _, c := range b.Connects() {
			clean = append(clean, c.CleanStart)
		}
		if want := []bool{false, true, false}; !slices.Equal(clean, want) {
			t.Errorf("clean starts %v, want %v", clean, want)
		}
		if len(d.downs) != 2 || !errors.Is(d.downs[0], ErrPacketTooLarge) || len(d.messages) != 0 {
			t.Errorf("OnDown(%v), received %.60q, want that the packet is too large, and nothing", d.downs, d.messages)
		}
	})
}
