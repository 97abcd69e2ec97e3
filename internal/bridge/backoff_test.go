package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/bridgetest"
)

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(backoff)
		steps := []struct {
			what       string
			lasted     time.Duration // of the connection before, 0 if none was made
			away       time.Duration // since the last attempt
			attempt    int
			atLeast    time.Duration
			lessThan   time.Duration
			flapsAfter int
		}{
			{"at the start", 0, 0, 0, 0, 1, 0},
			{"refused once", 0, 0, 1, 500 * time.Millisecond, time.Second, 0},
			{"refused for 5 s", 0, 5 * time.Second, 2, 625 * time.Millisecond, 1250 * time.Millisecond, 0},
			{"refused for a minute", 0, 55 * time.Second, 30, 7500 * time.Millisecond, 15 * time.Second, 0},
			{"refused for long", 0, time.Hour, 1000, 30 * time.Second, time.Minute, 0},
			{"lost after an hour", time.Hour, 0, 0, 500 * time.Millisecond, time.Second, 0},
			{"lost at once", time.Millisecond, 0, 0, 500 * time.Millisecond, time.Second, 1},
			{"and again", time.Millisecond, 0, 0, 500 * time.Millisecond, time.Second, 2},
			{"and again", 59 * time.Second, 0, 0, 500 * time.Millisecond, time.Second, 3},
			{"and again", time.Second, 0, 0, 500 * time.Millisecond, time.Second, 4},
			{"and again", time.Second, 0, 0, 500 * time.Millisecond, time.Second, 5},
			{"and again", time.Second, 0, 0, time.Second, 2 * time.Second, 6},
			{"and again", time.Second, 0, 0, 2 * time.Second, 4 * time.Second, 7},
			{"and refused", 0, time.Second, 1, 2 * time.Second, 4 * time.Second, 7},
			{"lost after a minute", time.Minute, 0, 0, 500 * time.Millisecond, time.Second, 0},
		}
		for _, s := range steps {
			if s.lasted > 0 {
				b.up = time.Now()
				time.Sleep(s.lasted)
			}
			time.Sleep(s.away)
			d := b.wait(s.attempt)
			if d < s.atLeast || d >= s.lessThan || b.flaps != s.flapsAfter {
				t.Errorf("%s: wait(%d) = %v with %d flaps, want from %v to %v with %d",
					s.what, s.attempt, d, b.flaps, s.atLeast, s.lessThan, s.flapsAfter)
			}
		}
	})
}

func TestConnectPacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		cfg := config(b)
		cfg.URL.User = url.UserPassword("ann", "secret")
		l, err := connect(t.Context(), cfg, lastWill, events{})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := []bridgetest.Connect{{Time: time.Now(), ClientID: "us", Username: "ann", KeepAlive: 30, SessionExpiry: 60, ReceiveMaximum: 16, WillDelay: 5}}
		if got := b.Connects(); !slices.Equal(got, want) {
			t.Errorf("CONNECT %+v, want %+v", got, want)
		}
		if err := l.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		broker *bridgetest.Broker
		want   limits
	}{
		{&bridgetest.Broker{}, limits{maxQoS: 1, retainAvailable: true}},
		{&bridgetest.Broker{MaximumPacketSize: 1000}, limits{maxPacket: 1000, maxQoS: 1, retainAvailable: true}},
		{&bridgetest.Broker{NoRetain: true}, limits{maxQoS: 1}},
		{&bridgetest.Broker{NoQoS1: true}, limits{retainAvailable: true}},
		{&bridgetest.Broker{NoRetain: true, NoQoS1: true}, limits{}},
	} {
		synctest.Test(t, func(t *testing.T) {
			start, ups := time.Now(), 0
			join(t, tt.broker, events{
				up: func(_ context.Context, l limits) {
					ups++
					if l != tt.want || !time.Now().Equal(start) {
						t.Errorf("limits %+v after %v, want %+v at once", l, time.Since(start), tt.want)
					}
				},
				refused: func(err error) { t.Errorf("refused(%v), want none: the next attempt asks for less", err) },
			})
			pass(time.Hour)
			if ups != 1 {
				t.Errorf("connected %d times in an hour, want once", ups)
			}
		})
	}
}

// A connection that was lost comes back within a second and nobody sees the
// Will; events.up runs once for each connection and never twice at a time.
func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(bridgetest.Broker), new(diary)
		var running, ups int
		join(t, b, d.events(func(ctx context.Context, _ limits) {
			ups++
			if running++; running > 1 {
				t.Error("events.up runs twice")
			}
			<-ctx.Done()
			time.Sleep(3 * time.Second) // slow to leave
			running--
		}))
		for range 3 {
			pass(time.Hour + time.Second) // not when a ping is being written
			b.Drop()
		}
		pass(time.Hour)
		if ups != 4 || len(d.downs) != 3 {
			t.Errorf("%d times up and %d times down, want 4 and 3", ups, len(d.downs))
		}
		for _, err := range d.downs {
			if !strings.Contains(err.Error(), "the broker closed the connection") {
				t.Errorf("down(%v), want that the broker closed the connection", err)
			}
		}
		if n := b.Count(lastWill.Topic); n != 0 {
			t.Errorf("the Will was published %d times, want never", n)
		}
	})
}

func TestWill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		join(t, b, events{})
		lost := time.Now()
		b.Close()
		pass(time.Minute)
		want := []bridgetest.Record{{Time: lost.Add(5 * time.Second), Client: "us", Topic: lastWill.Topic, Payload: "offline", Retain: true, QoS: 1, Will: true}}
		if got := b.Messages(); !reflect.DeepEqual(got, want) {
			t.Errorf("the broker has %+v, want the Will %+v", got, want)
		}
	})
}

// A broker that closes each connection at once, as one does with two clients
// of one client id, is not run down.
func TestFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(bridgetest.Broker), new(diary)
		join(t, b, d.events(func(context.Context, limits) { b.Drop() }))
		pass(time.Hour)
		for i, err := range d.downs {
			if causes := strings.Contains(err.Error(), "gave no reason: another client may use the client id us, the broker's access list"); causes != (i > 1) {
				t.Errorf("down(%v) at loss %d, want possible causes from the third on", err, i+1)
			}
		}
		if n := len(b.Connects()); n < 60 || n > 130 {
			t.Errorf("%d attempts in an hour, want about one a minute", n)
		}
	})
}

// A cause that is known, and connections that lasted, need no guess.
func TestUnexplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(backoff)
		for _, tt := range []struct {
			lasted time.Duration
			err    error
			want   bool
		}{
			{time.Second, fmt.Errorf("%w: EOF", errHungUp), false},
			{time.Second, errHungUp, false},
			{time.Second, errHungUp, true},
			{time.Second, errHungUp, true},
			{time.Second, reason(0x82), false},
			{time.Second, errHungUp, false},
			{time.Second, errHungUp, false},
			{time.Hour, errHungUp, false},
			{time.Second, errHungUp, false},
			{time.Second, errNoAnswer, false},
		} {
			b.up = time.Now()
			time.Sleep(tt.lasted)
			if got := b.unexplained(tt.err); got != tt.want {
				t.Errorf("unexplained(%v) after %v = %t, want %t", tt.err, tt.lasted, got, tt.want)
			}
		}
	})
}

func TestTwoWithOneClientID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(bridgetest.Broker), new(diary)
		join(t, b, d.events(nil))
		join(t, b, events{})
		pass(time.Hour)
		if n := len(b.Connects()); n > 260 {
			t.Errorf("%d attempts of two clients in an hour, want at most 260", n)
		}
		for _, err := range d.downs {
			if err != reason(0x8e) {
				t.Errorf("down(%v), want %v", err, reason(0x8e))
			}
		}
	})
}

func TestRefused(t *testing.T) {
	for code, words := range map[byte]string{
		0x80: "reason 0x80",
		0x84: "MQTT 5",
		0x85: "CLIENT_ID",
		0x86: "wrong user name or password",
		0x87: "wrong user name or password",
		0x88: "not available",
		0x8a: "banned",
	} {
		t.Run(fmt.Sprintf("%#x", code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, d := new(bridgetest.Broker), new(diary)
				b.Refuse(code)
				join(t, b, d.events(nil))
				pass(time.Hour)
				if n := len(d.fails); n < 60 || n > 130 {
					t.Fatalf("refused %d times in an hour, want about once a minute", n)
				}
				if err := d.fails[0]; !errors.Is(err, reason(code)) || !strings.HasPrefix(err.Error(), "mqtt://broker:1883: ") || !strings.Contains(err.Error(), words) {
					t.Errorf("refused(%v), want the broker's URL and %q", err, words)
				}
				b.Refuse(0)
				pass(time.Minute)
				if got := b.Connects(); got[len(got)-1].Reason != 0 {
					t.Error("not connected a minute after the broker accepts")
				}
			})
		})
	}
}

func TestConnectConfiguration(t *testing.T) {
	for raw, words := range map[string]string{
		"http://ann:secret@broker":   "the scheme must be",
		"mqtt://ann:secret@":         "no host",
		"mqtt://broker:65536":        "the port must be",
		"broker.local:1883":          "the scheme must be",
		"mqtts:///only/a/path":       "no host",
		"unix:///run/mosquitto.sock": "the scheme must be",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = connect(t.Context(), MQTT{URL: u}, Message{}, events{})
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "secret") {
			t.Errorf("connect to %s: %v, want %q and no password", u.Redacted(), err, words)
		}
	}
	if _, err := connect(t.Context(), MQTT{}, Message{}, events{}); err == nil {
		t.Error("connect without a URL returned nil")
	}
}

// No error tells the password, whether from Password or from the URL.
func TestErrorsKeepThePassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		d := new(diary)
		cfg := MQTT{
			URL: &url.URL{Scheme: "ws", Host: "broker", User: url.UserPassword("ann", "secret"), RawQuery: "key=secret"}, Password: "secret",
			Dial: func(context.Context, string, string) (net.Conn, error) { dials++; return nil, errors.New("no route") },
		}
		l, err := connect(t.Context(), cfg, Message{}, d.events(nil))
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		l.close(t.Context())
		if len(d.fails) == 0 || dials != len(d.fails) {
			t.Errorf("refused %d times after %d dials", len(d.fails), dials)
		}
		for _, err := range d.fails {
			if got, want := err.Error(), "ws://broker:80/mqtt: no route"; got != want {
				t.Errorf("refused(%s), want %s", got, want)
			}
		}
	})
}
