package bridge

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/bridgetest"
)

func answered(c <-chan struct{}) bool {
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
		late := func() { t.Errorf("late after %d of %d answers", p.answered, p.asked) }
		p.answer() // to nothing
		first, second := p.ask(late), p.ask(late)
		if answered(first) {
			t.Error("the first was answered before it was")
		}
		p.answer()
		if !answered(first) || answered(second) {
			t.Errorf("after one answer: first %t, second %t, want true, false", answered(first), answered(second))
		}
		pass(answerIn - 1)
		p.answer()
		if !answered(second) {
			t.Error("the second was not answered")
		}
		pass(time.Hour) // nothing is late when nothing is asked
	})
}

func TestPingsAreLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pings)
		start := time.Now()
		var after time.Duration
		late := func() { after = time.Since(start); p.end() }
		p.ask(late)
		pass(time.Second)
		done := p.ask(late)
		pass(time.Second)
		p.answer() // to the first
		<-done
		if want := 2*time.Second + answerIn; after != want {
			t.Errorf("late after %v, want %v: %v after the last answer", after, want, answerIn)
		}
		if !answered(p.ask(late)) {
			t.Error("a question after the end waits")
		}
	})
}

// A broker that sends is alive, whatever it sends before its answer.
func TestPingsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pings)
		start := time.Now()
		var after time.Duration
		p.heard() // without a question
		pass(time.Second)
		p.ask(func() { after = time.Since(start); p.end() })
		for range 10 {
			pass(answerIn - 1)
			p.heard()
		}
		if got, want := p.waited(), 10*(answerIn-1); got != want {
			t.Errorf("waited() = %v, want %v", got, want)
		}
		pass(time.Hour)
		if want := time.Second + 10*(answerIn-1) + answerIn; after != want {
			t.Errorf("late after %v, want %v: %v after what was heard last", after, want, answerIn)
		}
		if got := p.waited(); got != 0 {
			t.Errorf("waited() = %v after the end, want 0", got)
		}
	})
}

func TestSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bridgetest.Broker)
		l := join(t, b, events{})
		start := time.Now()
		l.batch(func() {
			l.publish(t.Context(), say("t", 0))
			<-l.settled()
			if n := b.Count("t"); n != 1 || time.Since(start) != 0 {
				t.Errorf("settled after %v with %d messages at the broker, want at once with 1", time.Since(start), n)
			}
		})
		b.Freeze()
		waiting := l.settled()
		pass(answerIn - 1)
		if answered(waiting) {
			t.Error("settled on a frozen broker")
		}
		b.Thaw()
		<-waiting
		pass(time.Hour)
		if n := len(b.Connects()); n != 1 {
			t.Errorf("%d connects, want 1: the broker was back in time", n)
		}
	})
}

// A frozen broker is left after answerIn; with nobody who asks, after the next
// ping and answerIn. When it is back, so is the connection.
func TestFrozen(t *testing.T) {
	for _, tt := range []struct {
		name string
		ask  func(*link)
		down time.Duration
	}{
		{"asked", func(l *link) { <-l.settled() }, answerIn},
		{"idle", func(*link) {}, 20*time.Second + answerIn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, d := new(bridgetest.Broker), new(diary)
				l := join(t, b, d.events(nil))
				b.Freeze()
				tt.ask(l)
				pass(5 * time.Minute)
				if len(d.downs) != 1 || d.when[0] != tt.down || !errors.Is(d.downs[0], errNoAnswer) {
					t.Fatalf("down(%v) after %v, want once, %v after %v", d.downs, d.when, errNoAnswer, tt.down)
				}
				if !answered(l.settled()) {
					t.Error("settled waits without a connection")
				}
				if len(d.fails) == 0 || !strings.Contains(d.fails[0].Error(), "does not answer as an MQTT broker") {
					t.Errorf("refused(%v), want that nothing answers", d.fails)
				}
				b.Thaw()
				pass(2 * time.Minute)
				if err := l.publish(t.Context(), say("t", 1)); err != nil {
					t.Errorf("publish after the thaw = %v", err)
				}
			})
		})
	}
}
