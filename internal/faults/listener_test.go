//go:build faults

package faults_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest/mosquittotest"
)

// A broker is Mosquitto, and who may listen there.
type broker struct {
	*mosquittotest.Broker
	user, password string // empty where everybody may
}

func startBroker(t *testing.T) *broker {
	t.Helper()
	return startBrokerWith(t, mosquittotest.Anonymous, nil)
}

func startBrokerWith(t *testing.T, config string, files map[string]string) *broker {
	t.Helper()
	return &broker{Broker: mosquittotest.StartWith(t, config, files)}
}

// A listener is an MQTT 5 subscriber that keeps all it gets, with the time of
// its arrival. It comes back by itself when the broker does.
type listener struct {
	cm *autopaho.ConnectionManager

	mu       sync.Mutex // guards messages and joined
	messages []message
	joined   []time.Time // when it was connected
}

// listen subscribes, and returns when the broker has said so.
func listen(t *testing.T, b *broker, filters ...string) *listener {
	t.Helper()
	l := new(listener)
	subscribed := make(chan struct{})
	var once sync.Once
	var err error
	l.cm, err = autopaho.NewConnection(context.Background(), autopaho.ClientConfig{
		ServerUrls:       []*url.URL{{Scheme: "mqtt", Host: b.Address}},
		KeepAlive:        60,
		ReconnectBackoff: func(int) time.Duration { return 100 * time.Millisecond },
		ConnectUsername:  b.user,
		ConnectPassword:  []byte(b.password),
		OnConnectionUp: func(cm *autopaho.ConnectionManager, _ *paho.Connack) {
			l.mu.Lock()
			l.joined = append(l.joined, time.Now())
			l.mu.Unlock()
			s := new(paho.Subscribe)
			for _, f := range filters {
				s.Subscriptions = append(s.Subscriptions, paho.SubscribeOptions{Topic: f, QoS: 1})
			}
			go func() {
				if _, err := cm.Subscribe(context.Background(), s); err == nil {
					once.Do(func() { close(subscribed) })
				}
			}()
		},
		ClientConfig: paho.ClientConfig{
			ClientID: "listener-" + strings.ReplaceAll(t.Name(), "/", "-") + time.Now().Format("150405.000000"),
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(r paho.PublishReceived) (bool, error) {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.messages = append(l.messages, message{time.Now(), r.Packet.Topic, string(r.Packet.Payload), r.Packet.Retain})
				return true, nil
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = l.cm.Disconnect(ctx) // the broker may be gone
	})
	select {
	case <-subscribed:
	case <-time.After(30 * time.Second):
		t.Fatalf("no subscription at %s within 30 s", b.Address)
	}
	return l
}

func (l *listener) heard() []message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.messages)
}

// connections returns when it was connected.
func (l *listener) connections() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.joined)
}

// say publishes as another program or a person would.
func (l *listener) say(t *testing.T, topic, payload string, retain bool) {
	t.Helper()
	if _, err := l.cm.Publish(t.Context(), &paho.Publish{Topic: topic, Payload: []byte(payload), Retain: retain}); err != nil {
		t.Fatal(err)
	}
}

// retained returns what the broker keeps under these filters.
func retained(t *testing.T, b *broker, filters ...string) map[string]string {
	t.Helper()
	l := listen(t, b, filters...)
	time.Sleep(500 * time.Millisecond)
	all := map[string]string{}
	for _, m := range l.heard() {
		if m.retained {
			all[m.topic] = m.payload
		}
	}
	return all
}
