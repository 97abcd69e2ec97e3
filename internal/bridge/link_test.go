package bridge

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/bridgetest"
)

var lastWill = Message{Topic: "envoy/bridge/state", Payload: []byte("offline"), Retain: true, QoS: 1}

// A diary is what a link told its owner, with the time since the diary began.
type diary struct {
	mu    sync.Mutex
	start time.Time
	downs []error
	fails []error
	when  []time.Duration // of the downs
	heard []string
}

func (d *diary) events(up func(context.Context, limits)) events {
	d.start = time.Now()
	return events{
		up: up,
		down: func(err error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.downs, d.when = append(d.downs, err), append(d.when, time.Since(d.start))
		},
		refused: func(err error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.fails = append(d.fails, err)
		},
		message: func(topic string, payload []byte, retained bool) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.heard = append(d.heard, fmt.Sprintf("%s %s %t", topic, payload, retained))
		},
	}
}

func config(b *bridgetest.Broker) MQTT {
	return MQTT{URL: &url.URL{Scheme: "mqtt", Host: "broker"}, ClientID: "us", Dial: b.Dial}
}

// join returns a link that is up, if the broker lets it. It is closed, without
// a goodbye, when the bubble's test ends.
func join(t *testing.T, b *bridgetest.Broker, ev events) *link {
	t.Helper()
	l, err := connect(t.Context(), config(b), lastWill, ev)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		l.close(ended)
		b.Close()
	})
	synctest.Wait()
	return l
}

// pass lets time pass, and all that is due at its end be done.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func say(topic string, qos byte) Message {
	return Message{Topic: topic, Payload: []byte("x"), QoS: qos}
}
