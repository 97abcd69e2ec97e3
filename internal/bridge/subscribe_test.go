package bridge

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/bridgetest"
)

func TestSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(bridgetest.Broker), new(diary)
		b.Publish("homeassistant/status", "online", true)
		b.Publish("elsewhere/status", "online", true)
		l := join(t, b, d.events(nil))
		err := l.subscribe(t.Context(), subscription{topic: "homeassistant/status", qos: 1},
			subscription{topic: "envoy/bridge/+", noLocal: true, retainHandling: 2})
		if err != nil {
			t.Fatal(err)
		}
		l.publish(t.Context(), say("envoy/bridge/state", 1)) // our own
		b.Publish("envoy/bridge/state", "offline", true)
		b.Publish("envoy/bridge/state/more", "x", false)
		synctest.Wait()
		b.Drop()
		pass(2 * time.Second) // the session keeps the subscriptions
		b.Publish("homeassistant/status", "offline", false)
		synctest.Wait()
		want := []string{"homeassistant/status online true", "envoy/bridge/state offline false", "homeassistant/status offline false"}
		if !slices.Equal(d.heard, want) {
			t.Errorf("heard %q, want %q", d.heard, want)
		}
	})
}

func TestSubscribeDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		b.Deny("secret/#", 0x87)
		l := join(t, b, events{})
		err := l.subscribe(t.Context(), subscription{topic: "open/#"}, subscription{topic: "secret/#"})
		if !errors.Is(err, reason(0x87)) || !strings.HasPrefix(err.Error(), "subscribe: secret/#: not authorised") {
			t.Errorf("subscribe = %v, want that secret/# is not authorised", err)
		}
	})
}

// A broker that sends more than it was told ends its connection, and the next
// one begins without its session, which would send the same again.
func TestLargePacketReceived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(bridgetest.Broker), new(diary)
		l := join(t, b, d.events(nil))
		if err := l.subscribe(t.Context(), subscription{topic: "t", qos: 1}); err != nil {
			t.Fatal(err)
		}
		b.Publish("t", strings.Repeat("x", maxPacket), false)
		pass(time.Minute)
		b.Drop()
		pass(time.Minute)
		var clean []bool
		for _, c := range b.Connects() {
			clean = append(clean, c.CleanStart)
		}
		if want := []bool{false, true, false}; !slices.Equal(clean, want) {
			t.Errorf("clean starts %v, want %v", clean, want)
		}
		if len(d.downs) != 2 || !errors.Is(d.downs[0], errLargePacket) || len(d.heard) != 0 {
			t.Errorf("down(%v), heard %.60q, want that the packet is too large, and nothing", d.downs, d.heard)
		}
	})
}
