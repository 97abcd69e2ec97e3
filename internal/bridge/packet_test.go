package bridge

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.golang/packets"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/bridgetest"
)

// What is written must be what the client's own reader takes it for.
func TestAppendPublish(t *testing.T) {
	for _, m := range []Message{
		{Topic: "envoy/1/live", Payload: []byte("{}")},
		{Topic: "t", Payload: []byte{}},
		{Topic: "envoy/1/grid/power", Payload: []byte("7"), Retain: true},
		{Topic: "envoy/1/grid/power", Payload: []byte("7"), Retain: true, Expiry: 120},
		{Topic: "longest of one byte", Payload: make([]byte, 127-2-19-1)},
		{Topic: "one more needs two", Payload: make([]byte, 128-2-18-1), Expiry: 1 << 31},
		{Topic: strings.Repeat("t", 1<<16-1), Payload: make([]byte, maxPacket-1<<16)},
	} {
		b := appendPublish([]byte("before"), m)
		if len(b)-len("before") > m.size() {
			t.Errorf("%.20q: %d bytes, size says %d at most", m.Topic, len(b)-len("before"), m.size())
		}
		rest := bytes.NewReader(bytes.TrimPrefix(b, []byte("before")))
		cp, err := packets.ReadPacket(rest)
		if err != nil || rest.Len() != 0 {
			t.Errorf("%.20q: %v, %d bytes left", m.Topic, err, rest.Len())
			continue
		}
		p := cp.Content.(*packets.Publish)
		got := Message{Topic: p.Topic, Payload: p.Payload, Retain: p.Retain, QoS: p.QoS}
		if e := p.Properties.MessageExpiry; e != nil {
			got.Expiry = *e
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%.60v was read as %.60v", m, got)
		}
	}
}

// What MQTT forbids is an error to who wants to send it, and the connection lasts.
func TestForbiddenPackets(t *testing.T) {
	long := strings.Repeat("t", 1<<16)
	for name, send := range map[string]func(*link) error{
		"no filters":             func(l *link) error { return l.subscribe(t.Context()) },
		"no filters to end":      func(l *link) error { return l.unsubscribe(t.Context()) },
		"an empty filter":        func(l *link) error { return l.subscribe(t.Context(), subscription{}) },
		"an empty filter to end": func(l *link) error { return l.unsubscribe(t.Context(), "") },
		"one filter of two is wrong": func(l *link) error {
			return l.subscribe(t.Context(), subscription{topic: "a"}, subscription{topic: "a/#/b"})
		},
		"# not at the end":           func(l *link) error { return l.unsubscribe(t.Context(), "a/#/b") },
		"# within a level":           func(l *link) error { return l.subscribe(t.Context(), subscription{topic: "a#"}) },
		"+ within a level":           func(l *link) error { return l.subscribe(t.Context(), subscription{topic: "a+/b"}) },
		"a filter with NUL":          func(l *link) error { return l.subscribe(t.Context(), subscription{topic: "a\x00"}) },
		"a filter that is too long":  func(l *link) error { return l.subscribe(t.Context(), subscription{topic: long}) },
		"a shared filter, no local":  func(l *link) error { return l.subscribe(t.Context(), subscription{topic: "$share/a/b", noLocal: true}) },
		"a shared filter of nothing": func(l *link) error { return l.subscribe(t.Context(), subscription{topic: "$share/a"}) },
		"more filters than fit":      func(l *link) error { return l.subscribe(t.Context(), make500()...) },
		"no topic":                   func(l *link) error { return l.publish(t.Context(), say("", 0)) },
		"no topic, QoS 1":            func(l *link) error { return l.publish(t.Context(), say("", 1)) },
		"a topic with +":             func(l *link) error { return l.publish(t.Context(), say("a/+", 1)) },
		"a topic with #":             func(l *link) error { return l.publish(t.Context(), say("#", 0)) },
		"a topic with NUL":           func(l *link) error { return l.publish(t.Context(), say("a\x00", 1)) },
		"a topic with DEL":           func(l *link) error { return l.publish(t.Context(), say("a\x7f", 1)) },
		"a topic with U+FFFE":        func(l *link) error { return l.publish(t.Context(), say("a\ufffe", 1)) },
		"a topic that is not UTF-8":  func(l *link) error { return l.publish(t.Context(), say("a\xff", 1)) },
		"a topic that is too long":   func(l *link) error { return l.publish(t.Context(), say(long, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bridgetest.Broker{MaximumPacketSize: 20_000}
				if strings.Contains(name, "too long") {
					b.MaximumPacketSize = 0
				}
				l := join(t, b, events{})
				if err := send(l); !errors.Is(err, errForbidden) {
					t.Errorf("error %v, want that MQTT forbids it", err)
				}
				pass(time.Minute)
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

// make500 returns filters of 50,000 bytes together.
func make500() (subs []subscription) {
	for range 500 {
		subs = append(subs, subscription{topic: strings.Repeat("t", 100)})
	}
	return subs
}

func TestForbiddenConnect(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	for name, change := range map[string]func(*MQTT, *Message){
		"client id":      func(c *MQTT, _ *Message) { c.ClientID = "a\x01" },
		"user name":      func(c *MQTT, _ *Message) { c.Username = "secret\x00" },
		"password":       func(c *MQTT, _ *Message) { c.Username, c.Password = "ann", long },
		"Will's topic":   func(_ *MQTT, will *Message) { will.Topic = "envoy/+" },
		"long client id": func(c *MQTT, _ *Message) { c.ClientID = long },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, d := new(bridgetest.Broker), new(diary)
				cfg, will := config(b), lastWill
				change(&cfg, &will)
				l, err := connect(t.Context(), cfg, will, d.events(nil))
				if err != nil {
					t.Fatal(err)
				}
				pass(time.Second)
				l.close(t.Context())
				if len(b.Connects()) != 0 || len(d.fails) == 0 || !errors.Is(d.fails[0], errForbidden) || strings.Contains(d.fails[0].Error(), "secret") {
					t.Errorf("%d connects, refused(%.200v), want none, and that MQTT forbids it, without a secret", len(b.Connects()), d.fails)
				}
			})
		})
	}
}
