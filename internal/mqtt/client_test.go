package mqtt

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(mqtttest.Broker), new(recorder)
		client := connectTo(t, b, d.record(Config{OnUp: func(ctx context.Context, _ *Client, _ Capabilities) { <-ctx.Done() }}))
		start := time.Now()
		if err := client.Close(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("Close = %v after %v, want nil at once", err, time.Since(start))
		}
		if err := client.Close(t.Context()); err != nil {
			t.Errorf("second Close = %v", err)
		}
		if err := publish(t.Context(), client, message("t", 1)); !errors.Is(err, ErrNotConnected) {
			t.Errorf("publish after Close = %v, want %v", err, ErrNotConnected)
		}
		advance(time.Hour)
		if n := b.Count(lastWill.Topic); n != 0 {
			t.Errorf("the Will was published %d times, want never", n)
		}
		if len(d.downs)+len(d.errs) != 0 || len(b.Connects()) != 1 {
			t.Errorf("close reported %v and %v, want nothing, and %d connects, want 1", d.downs, d.errs, len(b.Connects()))
		}
	})
}

// A frozen broker gets no DISCONNECT: it would read that when it is back and not
// publish the Will.
func TestCloseFrozen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := new(mqtttest.Broker), new(recorder)
		client := connectTo(t, b, d.record(Config{}))
		b.Freeze()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		err := client.Close(ctx)
		if took := time.Since(start); took != 2*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close = %v after %v, want %v after 2 s", err, took, context.DeadlineExceeded)
		}
		advance(time.Minute)
		if len(d.downs)+len(d.errs) != 0 {
			t.Errorf("close reported %v and %v, want nothing", d.downs, d.errs)
		}
		b.Thaw()
		advance(10 * time.Second)
		if got, _ := b.Retained(lastWill.Topic); got != "offline" {
			t.Errorf("after the thaw %s is %q, want the Will", lastWill.Topic, got)
		}
	})
}

// A client without a connection closes at once.
func TestCloseWhileConnecting(t *testing.T) {
	for name, prepare := range map[string]func(*mqtttest.Broker){
		"no CONNACK":       func(b *mqtttest.Broker) { b.Freeze() },
		"between attempts": func(b *mqtttest.Broker) { b.Refuse(0x88) },
		"nobody there":     func(b *mqtttest.Broker) { b.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := new(mqtttest.Broker)
				prepare(b)
				client := connectTo(t, b, Config{})
				advance(300 * time.Millisecond)
				start := time.Now()
				if err := client.Close(t.Context()); err != nil || time.Since(start) != 0 {
					t.Errorf("Close = %v after %v, want nil at once", err, time.Since(start))
				}
			})
		})
	}
}

// The synctest bubble fails if a goroutine is left.
func TestConnectAndCloseLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		for range 20 {
			client, err := Connect(t.Context(), configFor(b))
			if err != nil {
				t.Fatal(err)
			}
			advance(time.Second)
			b.Drop()
			advance(time.Minute)
			if err := client.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n := len(b.Connects()); n != 40 {
			t.Errorf("%d connects, want 40", n)
		}
	})
}
