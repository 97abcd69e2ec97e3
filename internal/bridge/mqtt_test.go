package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
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

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(bridgetest.Broker), new(diary)
		l := join(t, b, d.events(func(ctx context.Context, _ limits) { <-ctx.Done() }))
		start := time.Now()
		if err := l.close(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("close = %v after %v, want nil at once", err, time.Since(start))
		}
		if err := l.close(t.Context()); err != nil {
			t.Errorf("close again = %v", err)
		}
		if err := l.publish(t.Context(), say("t", 1)); !errors.Is(err, errDown) {
			t.Errorf("publish after close = %v, want %v", err, errDown)
		}
		pass(time.Hour)
		if n := b.Count(lastWill.Topic); n != 0 {
			t.Errorf("the Will was published %d times, want never", n)
		}
		if len(d.downs)+len(d.fails) != 0 || len(b.Connects()) != 1 {
			t.Errorf("close told of %v and %v, want nothing, and %d connects, want 1", d.downs, d.fails, len(b.Connects()))
		}
	})
}

// A frozen broker gets no goodbye: its buffers would deliver that when it is
// back, and the Will would not speak.
func TestCloseFrozen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(bridgetest.Broker), new(diary)
		l := join(t, b, d.events(nil))
		b.Freeze()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		err := l.close(ctx)
		if took := time.Since(start); took != 2*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close = %v after %v, want %v after 2 s", err, took, context.DeadlineExceeded)
		}
		pass(time.Minute)
		if len(d.downs)+len(d.fails) != 0 {
			t.Errorf("close told of %v and %v, want nothing", d.downs, d.fails)
		}
		b.Thaw()
		pass(10 * time.Second)
		if got, _ := b.Retained(lastWill.Topic); got != "offline" {
			t.Errorf("after the thaw %s is %q, want the Will", lastWill.Topic, got)
		}
	})
}

// A link that is not up closes at once, whatever it is about.
func TestCloseWhileConnecting(t *testing.T) {
	for name, prepare := range map[string]func(*bridgetest.Broker){
		"no CONNACK":       func(b *bridgetest.Broker) { b.Freeze() },
		"between attempts": func(b *bridgetest.Broker) { b.Refuse(0x88) },
		"nobody there":     func(b *bridgetest.Broker) { b.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := new(bridgetest.Broker)
				prepare(b)
				l := join(t, b, events{})
				pass(300 * time.Millisecond)
				start := time.Now()
				if err := l.close(t.Context()); err != nil || time.Since(start) != 0 {
					t.Errorf("close = %v after %v, want nil at once", err, time.Since(start))
				}
			})
		})
	}
}

// The bubble fails when a goroutine is left.
func TestConnectAndCloseLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		for range 20 {
			l, err := connect(t.Context(), config(b), lastWill, events{})
			if err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
			b.Drop()
			pass(time.Minute)
			if err := l.close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n := len(b.Connects()); n != 40 {
			t.Errorf("%d connects, want 40", n)
		}
	})
}
