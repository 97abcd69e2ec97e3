package bridge_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestBrokerAway: live documents are back soon after a broker that was away
// briefly, whatever the age of the connection before.
func TestBrokerAway(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{300 * time.Millisecond, 5 * time.Second, 59 * time.Second, 61 * time.Second} {
		for _, away := range []time.Duration{5 * time.Second, 9500 * time.Millisecond} {
			t.Run(fmt.Sprintf("%v after %v", away, age), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(&envoytest.Gateway{})
					r.Gateways[0].Interval = time.Second
					r.start(t)
					for range 5 { // several times in a row
						time.Sleep(age)
						r.broker.Close()
						time.Sleep(away)
						r.broker.Open()
						back := time.Now()
						time.Sleep(3 * time.Second)
						if r.lives(back) == 0 {
							t.Errorf("no live document 3 s after the broker was back")
						}
					}
					r.stop(t)
				})
			})
		}
	}
}

// TestStorms: messages that come in great numbers are logged once, when they
// are over.
func TestStorms(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{})
		r.start(t)
		time.Sleep(time.Minute)
		for range 50 {
			for range 400 {
				r.broker.Publish(configTopic, "", true)
				r.broker.Publish(birthTopic, "online", false)
			}
			time.Sleep(100 * time.Millisecond)
		}
		over := time.Now()
		time.Sleep(10 * time.Second)
		for range 117 { // a device is deleted with its entities
			r.broker.Publish(configTopic, "", true)
		}
		time.Sleep(10 * time.Second)
		r.broker.Publish(configTopic, "", true) // ends before it is logged
		r.stop(t)
		log := r.log.String()
		for text, want := range map[string]int{"Home Assistant started": 1, "deleted in Home Assistant": 2} {
			if n := strings.Count(log, text); n != want {
				t.Errorf("%q was logged %d times, want %d", text, n, want)
			}
		}
		if n := len(r.since(over, configTopic)); n == 0 {
			t.Error("the births were not answered")
		}
	})
}
