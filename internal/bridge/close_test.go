package bridge

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/bridgetest"
)

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
