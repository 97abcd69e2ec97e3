package mqtt

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestPingsAreAnsweredInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pings)
		late := func() { t.Errorf("late with %d PINGREQs unanswered", len(p.pending)) }
		p.ack() // without a PINGREQ
		first, second := p.add(late), p.add(late)
		if isClosed(first) {
			t.Error("the first was answered before it was")
		}
		p.ack()
		if !isClosed(first) || isClosed(second) {
			t.Errorf("after one answer: first %t, second %t, want true, false", isClosed(first), isClosed(second))
		}
		advance(PingTimeout - 1)
		p.ack()
		if !isClosed(second) {
			t.Error("the second was not answered")
		}
		advance(time.Hour) // no timeout without a PINGREQ
	})
}

func TestPingTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pings)
		start := time.Now()
		var after time.Duration
		late := func() { after = time.Since(start); p.close() }
		p.add(late)
		advance(time.Second)
		done := p.add(late)
		advance(time.Second)
		p.ack() // to the first
		<-done
		if want := 2*time.Second + PingTimeout; after != want {
			t.Errorf("late after %v, want %v: %v after the last answer", after, want, PingTimeout)
		}
		if !isClosed(p.add(late)) {
			t.Error("a PINGREQ after close is pending")
		}
	})
}

// Everything received restarts the timeout, not only the answer.
func TestPingsExtend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pings)
		start := time.Now()
		var after time.Duration
		p.extend() // without a PINGREQ
		advance(time.Second)
		p.add(func() { after = time.Since(start); p.close() })
		for range 10 {
			advance(PingTimeout - 1)
			p.extend()
		}
		if got, want := p.age(), 10*(PingTimeout-1); got != want {
			t.Errorf("age() = %v, want %v", got, want)
		}
		advance(time.Hour)
		if want := time.Second + 10*(PingTimeout-1) + PingTimeout; after != want {
			t.Errorf("late after %v, want %v: %v after the last byte", after, want, PingTimeout)
		}
		if got := p.age(); got != 0 {
			t.Errorf("age() = %v after the end, want 0", got)
		}
	})
}

func TestBarrier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		client := connectTo(t, b, Config{})
		start := time.Now()
		client.Batch(func() {
			publish(t.Context(), client, message("t", 0))
			<-client.Barrier()
			if n := b.Count("t"); n != 1 || time.Since(start) != 0 {
				t.Errorf("barrier after %v with %d messages at the broker, want at once with 1", time.Since(start), n)
			}
		})
		b.Freeze()
		waiting := client.Barrier()
		advance(PingTimeout - 1)
		if isClosed(waiting) {
			t.Error("barrier on a frozen broker")
		}
		b.Thaw()
		<-waiting
		advance(time.Hour)
		if n := len(b.Connects()); n != 1 {
			t.Errorf("%d connects, want 1: the broker was back in time", n)
		}
	})
}

// The client disconnects from a frozen broker PingTimeout after a barrier, or
// after the next keep-alive PINGREQ. It reconnects when the broker is back.
func TestFrozen(t *testing.T) {
	for _, tt := range []struct {
		name string
		use  func(*Client)
		want time.Duration
	}{
		{"barrier", func(client *Client) { <-client.Barrier() }, PingTimeout},
		{"idle", func(*Client) {}, 20*time.Second + PingTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, d := new(mqtttest.Broker), new(recorder)
				client := connectTo(t, b, d.record(Config{}))
				b.Freeze()
				tt.use(client)
				advance(5 * time.Minute)
				if len(d.downs) != 1 || d.downAfter[0] != tt.want || !errors.Is(d.downs[0], ErrPingTimeout) {
					t.Fatalf("OnDown(%v) after %v, want once, %v after %v", d.downs, d.downAfter, ErrPingTimeout, tt.want)
				}
				if !isClosed(client.Barrier()) {
					t.Error("barrier waits without a connection")
				}
				if len(d.errs) == 0 || !strings.Contains(d.errs[0].Error(), "does not answer as an MQTT broker") {
					t.Errorf("OnError(%v), want that nothing answers", d.errs)
				}
				b.Thaw()
				advance(2 * time.Minute)
				if err := publish(t.Context(), client, message("t", 1)); err != nil {
					t.Errorf("publish after the thaw = %v", err)
				}
			})
		})
	}
}
