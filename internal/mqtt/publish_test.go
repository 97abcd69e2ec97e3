package mqtt

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.golang/packets"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

func TestPublish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		client := connectTo(t, b, Config{})
		for _, m := range []Message{
			{Topic: "envoy/1/live", Payload: []byte("{}")},
			{Topic: "envoy/1/grid/power", Payload: []byte("7"), Retain: true, Expiry: 120},
			{Topic: "envoy/1/availability", Payload: []byte("online"), Retain: true, QoS: 1},
		} {
			if err := publish(t.Context(), client, m); err != nil {
				t.Errorf("publish(%v) = %v", m, err)
			}
		}
		synctest.Wait()
		now := time.Now()
		want := []mqtttest.Record{
			{Time: now, Client: "us", Topic: "envoy/1/live", Payload: "{}"},
			{Time: now, Client: "us", Topic: "envoy/1/grid/power", Payload: "7", Retain: true, Expiry: 120},
			{Time: now, Client: "us", Topic: "envoy/1/availability", Payload: "online", Retain: true, QoS: 1},
		}
		if got := b.Messages(); !reflect.DeepEqual(got, want) {
			t.Errorf("the broker got %+v, want %+v", got, want)
		}
	})
}

// A message that is too large is not sent: the broker would end the connection,
// and again after each reconnect.
func TestPublishTooLarge(t *testing.T) {
	for _, tt := range []struct {
		announced uint32
		payload   int
		ok        bool
	}{
		{0, 1 << 10, true},
		{0, maxPacketSize - 32, true},
		{0, maxPacketSize, false},
		{1 << 10, 1<<10 - 32, true},
		{1 << 10, 1 << 10, false},
		{1 << 20, maxPacketSize, false},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &mqtttest.Broker{MaximumPacketSize: tt.announced}
				client := connectTo(t, b, Config{})
				err := publish(t.Context(), client, Message{Topic: "t", Payload: make([]byte, tt.payload), QoS: 1})
				if _, large := errors.AsType[*TooLargeError](err); large == tt.ok || (err == nil) != tt.ok {
					t.Errorf("publish of %d bytes = %v, want sent: %t", tt.payload, err, tt.ok)
				}
				advance(time.Hour)
				if n := len(b.Connects()); n != 1 {
					t.Errorf("%d connects, want 1", n)
				}
			})
		})
	}
}

func TestPublishDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		b.Deny("secret/#", 0x87)
		client := connectTo(t, b, Config{})
		err := publish(t.Context(), client, message("secret/t", 1))
		if !errors.Is(err, ReasonCode(0x87)) || !strings.HasPrefix(err.Error(), "not authorised") {
			t.Errorf("publish = %v, want that it is not authorised", err)
		}
		if err := publish(t.Context(), client, message("open/t", 1)); err != nil {
			t.Errorf("publish to another topic = %v", err)
		}
	})
}

// A message is reported as lost at once when the connection ends before the PUBACK,
// and is not sent again.
func TestInFlightAtLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		client := connectTo(t, b, Config{})
		b.Freeze()
		start := time.Now()
		time.AfterFunc(time.Second, b.Drop)
		err := publish(t.Context(), client, message("t", 1))
		if d := time.Since(start); d != time.Second || !errors.Is(err, ErrNotConnected) {
			t.Errorf("publish = %v after %v, want %v after 1 s", err, d, ErrNotConnected)
		}
		if err := publish(t.Context(), client, message("t", 1)); !errors.Is(err, ErrNotConnected) {
			t.Errorf("publish without a connection = %v, want %v", err, ErrNotConnected)
		}
		b.Thaw()
		advance(time.Minute)
		if n := b.Count("t"); n != 1 {
			t.Errorf("the broker got the message %d times, want once", n)
		}
		if err := publish(t.Context(), client, message("t", 1)); err != nil {
			t.Errorf("publish after the reconnect = %v", err)
		}
	})
}

// TestPublishDoesNotWait checks that messages are sent without waiting for the
// acknowledgement of those before, and that each result is reported once.
func TestPublishDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{Delay: 4 * time.Second, ReceiveMaximum: 3}
		b.Deny("secret/t", 0x87)
		client := connectTo(t, b, Config{})
		start := time.Now()
		var mu sync.Mutex
		results := map[string]string{}
		send := func(m Message) {
			pending, err := client.Publish(m, func(err error) {
				mu.Lock()
				defer mu.Unlock()
				results[m.Topic] += fmt.Sprintf("%v after %v;", err, time.Since(start))
			})
			if err != nil || pending != (m.QoS > 0) {
				t.Errorf("publish %s = %t, %v", m.Topic, pending, err)
			}
		}
		send(message("a", 1))
		send(message("secret/t", 1))
		send(message("live", 0))
		if d := time.Since(start); d > 0 {
			t.Errorf("publish waited %v", d)
		}
		advance(5 * time.Second)
		send(message("lost", 1))
		b.Drop()
		advance(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		want := map[string]string{
			"a":        "<nil> after 4s;",
			"secret/t": fmt.Sprintf("%v after 4s;", ReasonCode(0x87)),
			"lost":     fmt.Sprintf("%v after 5s;", ErrNotConnected),
		}
		if !reflect.DeepEqual(results, want) {
			t.Errorf("results %v, want %v", results, want)
		}
	})
}

// Paho's own reader must read what appendPublish wrote.
func TestAppendPublish(t *testing.T) {
	for _, m := range []Message{
		{Topic: "envoy/1/live", Payload: []byte("{}")},
		{Topic: "t", Payload: []byte{}},
		{Topic: "envoy/1/grid/power", Payload: []byte("7"), Retain: true},
		{Topic: "envoy/1/grid/power", Payload: []byte("7"), Retain: true, Expiry: 120},
		{Topic: "longest of one byte", Payload: make([]byte, 127-2-19-1)},
		{Topic: "one more needs two", Payload: make([]byte, 128-2-18-1), Expiry: 1 << 31},
		{Topic: strings.Repeat("t", 1<<16-1), Payload: make([]byte, maxPacketSize-1<<16)},
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
