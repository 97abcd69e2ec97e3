package bridge

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/bridgetest"
)

func TestPublish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		l := join(t, b, events{})
		for _, m := range []Message{
			{Topic: "envoy/1/live", Payload: []byte("{}")},
			{Topic: "envoy/1/grid/power", Payload: []byte("7"), Retain: true, Expiry: 120},
			{Topic: "envoy/1/availability", Payload: []byte("online"), Retain: true, QoS: 1},
		} {
			if err := l.publish(t.Context(), m); err != nil {
				t.Errorf("publish(%v) = %v", m, err)
			}
		}
		synctest.Wait()
		now := time.Now()
		want := []bridgetest.Record{
			{Time: now, Client: "us", Topic: "envoy/1/live", Payload: "{}"},
			{Time: now, Client: "us", Topic: "envoy/1/grid/power", Payload: "7", Retain: true, Expiry: 120},
			{Time: now, Client: "us", Topic: "envoy/1/availability", Payload: "online", Retain: true, QoS: 1},
		}
		if got := b.Messages(); !reflect.DeepEqual(got, want) {
			t.Errorf("the broker got %+v, want %+v", got, want)
		}
	})
}

// A message that is too large is refused here: the broker would end the
// connection, again after each reconnect for as long as the message is sent.
func TestPublishTooLarge(t *testing.T) {
	for _, tt := range []struct {
		announced uint32
		payload   int
		ok        bool
	}{
		{0, 1 << 10, true},
		{0, maxPacket - 32, true},
		{0, maxPacket, false},
		{1 << 10, 1<<10 - 32, true},
		{1 << 10, 1 << 10, false},
		{1 << 20, maxPacket, false},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bridgetest.Broker{MaximumPacketSize: tt.announced}
				l := join(t, b, events{})
				err := l.publish(t.Context(), Message{Topic: "t", Payload: make([]byte, tt.payload), QoS: 1})
				if _, large := errors.AsType[*tooLargeError](err); large == tt.ok || (err == nil) != tt.ok {
					t.Errorf("publish of %d bytes = %v, want sent: %t", tt.payload, err, tt.ok)
				}
				pass(time.Hour)
				if n := len(b.Connects()); n != 1 {
					t.Errorf("%d connects, want 1", n)
				}
			})
		})
	}
}

func TestPublishDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		b.Deny("secret/#", 0x87)
		l := join(t, b, events{})
		err := l.publish(t.Context(), say("secret/t", 1))
		if !errors.Is(err, reason(0x87)) || !strings.Contains(err.Error(), "publish secret/t: not authorised") {
			t.Errorf("publish = %v, want that it is not authorised", err)
		}
		if err := l.publish(t.Context(), say("open/t", 1)); err != nil {
			t.Errorf("publish to another topic = %v", err)
		}
	})
}

// Who waits for the broker's answer when the connection ends hears of it at
// once, and the message is not sent again.
func TestInFlightAtLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		l := join(t, b, events{})
		b.Freeze()
		start := time.Now()
		time.AfterFunc(time.Second, b.Drop)
		err := l.publish(t.Context(), say("t", 1))
		if d := time.Since(start); d != time.Second || !errors.Is(err, errDown) {
			t.Errorf("publish = %v after %v, want %v after 1 s", err, d, errDown)
		}
		if err := l.publish(t.Context(), say("t", 1)); !errors.Is(err, errDown) {
			t.Errorf("publish without a connection = %v, want %v", err, errDown)
		}
		b.Thaw()
		pass(time.Minute)
		if n := b.Count("t"); n != 1 {
			t.Errorf("the broker got the message %d times, want once", n)
		}
		if err := l.publish(t.Context(), say("t", 1)); err != nil {
			t.Errorf("publish after the reconnect = %v", err)
		}
	})
}

func TestPublishObeysItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		l := join(t, b, events{})
		b.Freeze()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := l.publish(ctx, say("t", 1))
		if d := time.Since(start); d != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("publish = %v after %v, want %v after 1 s", err, d, context.DeadlineExceeded)
		}
		err = l.publish(t.Context(), say("t", 1))
		if d := time.Since(start); d != time.Second+ackIn || !strings.Contains(err.Error(), "no answer from the broker within 10s") {
			t.Errorf("publish = %v after %v, want no answer within 10 s", err, d)
		}
	})
}
