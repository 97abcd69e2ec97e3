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
