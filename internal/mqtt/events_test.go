package mqtt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// The client reconnects within a second, so that no Will is published. OnUp
// runs once for each connection and never twice at a time.
func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(mqtttest.Broker), new(recorder)
		var running, ups int
		connectTo(t, b, d.record(Config{OnUp: func(ctx context.Context, _ *Client, _ Capabilities) {
			ups++
			if running++; running > 1 {
				t.Error("OnUp runs twice")
			}
			<-ctx.Done()
			time.Sleep(3 * time.Second) // returns late
			running--
		}}))
		for range 3 {
			advance(time.Hour + time.Second) // not when a ping is being written
			b.Drop()
		}
		advance(time.Hour)
		if ups != 4 || len(d.downs) != 3 {
			t.Errorf("%d times up and %d times down, want 4 and 3", ups, len(d.downs))
		}
		for _, err := range d.downs {
			if !strings.Contains(err.Error(), "the broker closed the connection") {
				t.Errorf("OnDown(%v), want that the broker closed the connection", err)
			}
		}
		if n := b.Count(lastWill.Topic); n != 0 {
			t.Errorf("the Will was published %d times, want never", n)
		}
	})
}

// A broker that closes each connection at once gets about one attempt a minute.
func TestFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(mqtttest.Broker), new(recorder)
		connectTo(t, b, d.record(Config{OnUp: func(context.Context, *Client, Capabilities) { b.Drop() }}))
		advance(time.Hour)
		for i, err := range d.downs {
			if causes := strings.Contains(err.Error(), "gave no reason: another client may use the client id us, the broker's access list"); causes != (i > 1) {
				t.Errorf("OnDown(%v) at loss %d, want possible causes from the third on", err, i+1)
			}
		}
		if n := len(b.Connects()); n < 60 || n > 130 {
			t.Errorf("%d attempts in an hour, want about one a minute", n)
		}
	})
}

func TestTwoWithOneClientID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(mqtttest.Broker), new(recorder)
		connectTo(t, b, d.record(Config{}))
		connectTo(t, b, Config{})
		advance(time.Hour)
		if n := len(b.Connects()); n > 260 {
			t.Errorf("%d attempts of two clients in an hour, want at most 260", n)
		}
		for _, err := range d.downs {
			if !errors.Is(err, ReasonCode(0x8e)) {
				t.Errorf("OnDown(%v), want %v", err, ReasonCode(0x8e))
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
				b, d := new(mqtttest.Broker), new(recorder)
				b.Refuse(code)
				connectTo(t, b, d.record(Config{}))
				advance(time.Hour)
				if n := len(d.errs); n < 60 || n > 130 {
					t.Fatalf("refused %d times in an hour, want about once a minute", n)
				}
				if err := d.errs[0]; !errors.Is(err, ReasonCode(code)) || !strings.HasPrefix(err.Error(), "mqtt://broker:1883: ") || !strings.Contains(err.Error(), words) {
					t.Errorf("OnError(%v), want the broker's URL and %q", err, words)
				}
				b.Refuse(0)
				advance(time.Minute)
				if got := b.Connects(); got[len(got)-1].Reason != 0 {
					t.Error("not connected a minute after the broker accepts")
				}
			})
		})
	}
}

// No error contains the password, neither Password nor that of the URL.
func TestErrorsKeepThePassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		d := new(recorder)
		cfg := Config{
			URL: &url.URL{Scheme: "ws", Host: "broker", User: url.UserPassword("ann", "secret"), RawQuery: "key=secret"}, Password: "secret",
			Dial: func(context.Context, string, string) (net.Conn, error) { dials++; return nil, errors.New("no route") },
		}
		client, err := Connect(t.Context(), d.record(cfg))
		if err != nil {
			t.Fatal(err)
		}
		advance(time.Minute)
		client.Close(t.Context())
		if len(d.errs) == 0 || dials != len(d.errs) {
			t.Errorf("refused %d times after %d dials", len(d.errs), dials)
		}
		for _, err := range d.errs {
			if got, want := err.Error(), "ws://broker:80/mqtt: no route"; got != want {
				t.Errorf("OnError(%s), want %s", got, want)
			}
		}
	})
}
