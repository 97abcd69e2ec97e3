package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestBirths: Home Assistant's start is answered once, after a pause, with
// everything; a deletion by a person is not undone before that.
func TestBirths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.start(t)
		time.Sleep(time.Minute)
		r.broker.Publish(configTopic, "", true) // deleted in the UI
		deleted := time.Now()
		time.Sleep(10 * time.Minute)
		if n := len(r.since(deleted, configTopic)); n != 0 {
			t.Errorf("announced %d times after a deletion, want 0", n)
		}
		born := time.Now()
		for range 20 {
			r.broker.Publish(birthTopic, "online", false)
			time.Sleep(500 * time.Millisecond)
		}
		last := time.Now()
		time.Sleep(10 * time.Second)
		again := r.since(born, configTopic)
		if len(again) != 1 || again[0].Time.Before(last) || again[0].Time.Sub(last) > 5*time.Second {
			t.Errorf("announced %d times after 20 births in 10 s, want once, within 5 s of the last", len(again))
		}
		for _, topic := range []string{powerTopic, energyTopic, availTopic} {
			if len(r.since(born, topic)) == 0 {
				t.Errorf("%s was not published again", topic)
			}
		}
		r.stop(t)
	})
}

// TestDeletedBridge: as with a gateway, a deletion of the bridge's device is not undone
// by a reconnect, but when Home Assistant starts.
func TestDeletedBridge(t *testing.T) {
	const bridgeTopic = "homeassistant/device/envoy_bridge/config"
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.start(t)
		time.Sleep(time.Minute)
		r.broker.Publish(bridgeTopic, "", true) // deleted in the UI
		time.Sleep(time.Second)
		deleted := time.Now()
		r.broker.Drop()
		time.Sleep(time.Minute)
		if n := len(r.since(deleted, bridgeTopic)); n != 0 {
			t.Errorf("announced %d times by a reconnect after a deletion, want 0", n)
		}
		born := time.Now()
		r.broker.Publish(birthTopic, "online", false)
		time.Sleep(10 * time.Second)
		if n := len(r.since(born, bridgeTopic)); n != 1 {
			t.Errorf("announced %d times when Home Assistant started, want once", n)
		}
		r.stop(t)
		if n := strings.Count(r.log.String(), "deleted in Home Assistant"); n != 1 {
			t.Errorf("logged %d times that it was deleted, want once", n)
		}
	})
}

// TestStrayWill: the Will of an earlier connection may come late.
func TestStrayWill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.start(t)
		time.Sleep(time.Minute)
		r.broker.Publish(stateTopic, "offline", true)
		time.Sleep(time.Second)
		r.wantRetained(t, stateTopic, "online")
		r.stop(t)
		r.wantRetained(t, stateTopic, "offline")
	})
}
