package mqtt

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// A packet that MQTT does not allow is an error for the caller. The connection lasts.
func TestForbiddenPackets(t *testing.T) {
	long := strings.Repeat("t", 1<<16)
	for name, send := range map[string]func(*Client) error{
		"no filters":             func(client *Client) error { return client.Subscribe(t.Context()) },
		"no filters to end":      func(client *Client) error { return client.Unsubscribe(t.Context()) },
		"an empty filter":        func(client *Client) error { return client.Subscribe(t.Context(), Subscription{}) },
		"an empty filter to end": func(client *Client) error { return client.Unsubscribe(t.Context(), "") },
		"one filter of two is wrong": func(client *Client) error {
			return client.Subscribe(t.Context(), Subscription{Filter: "a"}, Subscription{Filter: "a/#/b"})
		},
		"# not at the end":          func(client *Client) error { return client.Unsubscribe(t.Context(), "a/#/b") },
		"# within a level":          func(client *Client) error { return client.Subscribe(t.Context(), Subscription{Filter: "a#"}) },
		"+ within a level":          func(client *Client) error { return client.Subscribe(t.Context(), Subscription{Filter: "a+/b"}) },
		"a filter with NUL":         func(client *Client) error { return client.Subscribe(t.Context(), Subscription{Filter: "a\x00"}) },
		"a filter that is too long": func(client *Client) error { return client.Subscribe(t.Context(), Subscription{Filter: long}) },
		"a shared filter, no local": func(client *Client) error {
			return client.Subscribe(t.Context(), Subscription{Filter: "$share/a/b", NoLocal: true})
		},
		"a shared filter of nothing": func(client *Client) error { return client.Subscribe(t.Context(), Subscription{Filter: "$share/a"}) },
		"more filters than fit":      func(client *Client) error { return client.Subscribe(t.Context(), manySubscriptions()...) },
		"no topic":                   func(client *Client) error { return publish(t.Context(), client, message("", 0)) },
		"no topic, QoS 1":            func(client *Client) error { return publish(t.Context(), client, message("", 1)) },
		"a topic with +":             func(client *Client) error { return publish(t.Context(), client, message("a/+", 1)) },
		"a topic with #":             func(client *Client) error { return publish(t.Context(), client, message("#", 0)) },
		"a topic with NUL":           func(client *Client) error { return publish(t.Context(), client, message("a\x00", 1)) },
		"a topic with DEL":           func(client *Client) error { return publish(t.Context(), client, message("a\x7f", 1)) },
		"a topic with U+FFFE":        func(client *Client) error { return publish(t.Context(), client, message("a\ufffe", 1)) },
		"a topic that is not UTF-8":  func(client *Client) error { return publish(t.Context(), client, message("a\xff", 1)) },
		"a topic that is too long":   func(client *Client) error { return publish(t.Context(), client, message(long, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &mqtttest.Broker{MaximumPacketSize: 20_000}
				if strings.Contains(name, "too long") {
					b.MaximumPacketSize = 0
				}
				client := connectTo(t, b, Config{})
				if err := send(client); !errors.Is(err, ErrInvalidPacket) {
					t.Errorf("error %v, want that MQTT forbids it", err)
				}
				advance(time.Minute)
				if n := len(b.Connects()); n != 1 {
					t.Errorf("%d connects, want 1", n)
				}
				if n := len(b.Subscribes()); n != 0 {
					t.Errorf("%d subscriptions were asked for, want none", n)
				}
			})
		})
	}
}

// manySubscriptions returns subscriptions whose filters have 50,000 bytes in total.
func manySubscriptions() (subs []Subscription) {
	for range 500 {
		subs = append(subs, Subscription{Filter: strings.Repeat("t", 100)})
	}
	return subs
}

func TestForbiddenConnect(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	for name, change := range map[string]func(*Config){
		"client id":      func(c *Config) { c.ClientID = "a\x01" },
		"user name":      func(c *Config) { c.Username = "secret\x00" },
		"password":       func(c *Config) { c.Username, c.Password = "ann", long },
		"Will's topic":   func(c *Config) { c.Will.Topic = "envoy/+" },
		"long client id": func(c *Config) { c.ClientID = long },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, d := new(mqtttest.Broker), new(recorder)
				cfg := configFor(b)
				change(&cfg)
				client, err := Connect(t.Context(), d.record(cfg))
				if err != nil {
					t.Fatal(err)
				}
				advance(time.Second)
				client.Close(t.Context())
				if len(b.Connects()) != 0 || len(d.errs) == 0 || !errors.Is(d.errs[0], ErrInvalidPacket) || strings.Contains(d.errs[0].Error(), "secret") {
					t.Errorf("%d connects, OnError(%.200v), want none, and that MQTT forbids it, without a secret", len(b.Connects()), d.errs)
				}
			})
		})
	}
}
