//go:build fleet && linux

package fleet_test

import (
	"context"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/eclipse/paho.golang/paho"
)

// A recorder subscribes with QoS 1. Messages that are published with QoS 1, as what
// clears a topic is, are therefore recorded completely; Mosquitto may drop others if
// many wait.
type recorder struct {
	mu       sync.Mutex         // guards what follows
	messages int                // so far
	cleared  []string           // topics of gateways that have got an empty retained message
	states   map[string]string  // of the bridges, by topic
	counters map[string]float64 // by topic
	fallen   []string           // topics of counters that have fallen
	retained map[string]bool    // topics of gateways that the broker has sent as retained
	err      error              // why the recording has ended
}

// ofGateway matches the retained topics of a gateway and of the devices behind it.
var ofGateway = regexp.MustCompile(`^envoy/\d+/|^homeassistant/device/envoy_(inverter_)?\d+/config$`)

// record records what is published on topics. The broker sends what it has retained
// first.
func record(t *testing.T, broker, name string, topics ...string) *recorder {
	t.Helper()
	r := &recorder{states: map[string]string{}, counters: map[string]float64{}, retained: map[string]bool{}}
	conn, err := net.Dial("tcp", broker)
	if err != nil {
		t.Fatal(err)
	}
	client := paho.NewClient(paho.ClientConfig{
		Conn: conn,
		OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
			r.add(p.Packet)
			return true, nil
		}},
		OnClientError: func(err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.err = err
		},
	})
	if _, err := client.Connect(context.Background(), &paho.Connect{ClientID: name, KeepAlive: 600, CleanStart: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(&paho.Disconnect{}) })
	s := new(paho.Subscribe)
	for _, topic := range topics {
		s.Subscriptions = append(s.Subscriptions, paho.SubscribeOptions{Topic: topic, QoS: 1})
	}
	if _, err := client.Subscribe(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *recorder) add(p *paho.Publish) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages++
	topic := p.Topic
	switch {
	case strings.HasPrefix(topic, "envoy/bridge"):
		r.states[topic] = string(p.Payload)
	case !ofGateway.MatchString(topic) || strings.HasSuffix(topic, "/live"):
	case len(p.Payload) == 0:
		r.cleared = append(r.cleared, topic)
	case p.Retain:
		r.retained[topic] = true
	case strings.HasSuffix(topic, "/production/energy"):
		value, _ := strconv.ParseFloat(string(p.Payload), 64)
		if value < r.counters[topic] {
			r.fallen = append(r.fallen, topic)
		}
		r.counters[topic] = value
	}
}

// state returns the latest value of a topic of a bridge.
func (r *recorder) state(topic string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.states[topic]
}

// retainedTopics returns the number of topics on which the broker has sent retained
// messages.
func (r *recorder) retainedTopics() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.retained)
}

// missing returns the topics on which the broker has sent no retained message.
func (r *recorder) missing(topics []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(topics), func(topic string) bool { return r.retained[topic] })
}

// failure returns why the recording has ended, or nil.
func (r *recorder) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// check reports what must not have been recorded.
func (r *recorder) check(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	t.Logf("recorded: %d messages, %d topics of gateways cleared, %d counters fallen", r.messages, len(r.cleared), len(r.fallen))
	if r.err != nil {
		t.Errorf("the recording has ended: %v", r.err)
	}
	if len(r.cleared) > 0 {
		t.Errorf("%d topics of gateways were cleared, such as %s", len(r.cleared), r.cleared[0])
	}
	if len(r.fallen) > 0 {
		t.Errorf("%d counters have fallen, such as %s", len(r.fallen), r.fallen[0])
	}
}
