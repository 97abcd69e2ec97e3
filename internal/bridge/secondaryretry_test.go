package bridge_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// isSubscribed reports whether the bridge has subscribed to a filter since the broker
// had handled n subscriptions.
func (r *rig) isSubscribed(n int, filter string) bool {
	return slices.ContainsFunc(r.broker.Subscribes()[n:], func(s mqtttest.Subscribe) bool { return s.Filter == filter })
}

// TestRejectedSubscription: a subscription that the broker has rejected, perhaps because
// its access list was not loaded yet, is made again with the next connection.
func TestRejectedSubscription(t *testing.T) {
	for _, tt := range []struct{ name, filter, log string }{
		{"births", birthTopic, "subscription to states failed"},
		{"discovery documents", "homeassistant/device/+/config", "subscription to discovery documents failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{})
				r.broker.Deny(tt.filter, 0x87)
				r.start(t)
				for range 3 {
					time.Sleep(2 * time.Minute)
					r.broker.Drop()
				}
				r.broker.Deny(tt.filter, 0)
				before := len(r.broker.Subscribes())
				r.broker.Drop()
				time.Sleep(time.Minute)
				if !r.isSubscribed(before, tt.filter) {
					t.Error("the subscription is not made again")
				}
				r.stop(t)
				if n := strings.Count(r.log.String(), tt.log); n != 1 {
					t.Errorf("%q was logged %d times, want once:\n%s", tt.log, n, r.log.String())
				}
			})
		})
	}
}

// TestDiscoveryAfterLostConnections: connections that end during discovery, with good
// ones in between, are no reason to abandon it.
func TestDiscoveryAfterLostConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.start(t)
		time.Sleep(2 * time.Minute)
		for range 4 {
			r.broker.Cut("homeassistant/device/envoy_bridge/config")
			r.broker.Drop()
			n := len(r.broker.Connects())
			for range 100 {
				if time.Sleep(100 * time.Millisecond); len(r.broker.Connects()) == n+2 {
					break // one connection has ended
				}
			}
			r.broker.Cut("")
			time.Sleep(2 * time.Minute)
			r.broker.Drop()
			time.Sleep(2 * time.Minute)
		}
		r.broker.Forget()
		time.Sleep(time.Minute)
		if _, ok := r.broker.Retained(configTopic); !ok {
			t.Errorf("the gateway is not announced after a broker has lost its data:\n%s", r.log.String())
		}
		r.stop(t)
	})
}

// TestSecondaryTasksContinue: what was abandoned is tried again after an hour, when the
// bridge connects, and each time one connection at most ends because of it.
func TestSecondaryTasksContinue(t *testing.T) {
	for _, tt := range []struct{ name, cut string }{
		{"births", birthTopic},
		{"discovery documents", "homeassistant/device/+/config"},
		{"discovery", "homeassistant/device/#"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{})
				r.broker.Cut(tt.cut)
				r.start(t)
				time.Sleep(10 * time.Minute)
				before := len(r.broker.Connects())
				r.broker.Drop()
				time.Sleep(10 * time.Minute)
				if n := len(r.broker.Connects()) - before; n != 1 {
					t.Errorf("%d connects after a lost connection, want 1", n)
				}
				time.Sleep(time.Hour)
				before = len(r.broker.Connects())
				r.broker.Drop()
				time.Sleep(10 * time.Minute)
				if n := len(r.broker.Connects()) - before; n < 2 || n > 3 { // of what is cut, one task publishes and another subscribes
					t.Errorf("%d connects after a lost connection an hour later, want 2 or 3", n)
				}
				r.broker.Cut("")
				time.Sleep(time.Hour)
				subscribed := len(r.broker.Subscribes())
				r.broker.Forget()
				time.Sleep(time.Minute)
				if _, ok := r.broker.Retained(configTopic); !ok {
					t.Error("the gateway is not announced after another hour")
				}
				for _, filter := range []string{birthTopic, "homeassistant/device/+/config"} {
					if !r.isSubscribed(subscribed, filter) {
						t.Errorf("no subscription to %s after another hour", filter)
					}
				}
				r.stop(t)
			})
		})
	}
}

// TestRejectedMessages checks that the state says whether the broker rejects messages.
func TestRejectedMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.broker.Deny("envoy/#", 0x87)
		r.start(t)
		time.Sleep(time.Minute)
		if !r.Snapshot().IsRejecting {
			t.Error("a broker whose access list forbids TOPIC rejects nothing")
		}
		r.broker.Deny("envoy/#", 0)
		time.Sleep(2 * time.Minute)
		if r.Snapshot().IsRejecting {
			t.Errorf("rejected messages are never accepted:\n%s", r.log.String())
		}
		r.stop(t)
	})
}
