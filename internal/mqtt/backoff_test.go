package mqtt

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
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
				b.connectedAt = time.Now()
				time.Sleep(s.lasted)
			}
			time.Sleep(s.away)
			d := b.delay(s.attempt)
			if d < s.atLeast || d >= s.lessThan || b.flaps != s.flapsAfter {
				t.Errorf("%s: wait(%d) = %v with %d flaps, want from %v to %v with %d",
					s.what, s.attempt, d, b.flaps, s.atLeast, s.lessThan, s.flapsAfter)
			}
		}
	})
}

// Only short connections without a reason are unexplained.
func TestUnexplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(backoff)
		for _, tt := range []struct {
			lasted time.Duration
			err    error
			want   bool
		}{
			{time.Second, fmt.Errorf("%w: EOF", ErrClosedByBroker), false},
			{time.Second, ErrClosedByBroker, false},
			{time.Second, ErrClosedByBroker, true},
			{time.Second, ErrClosedByBroker, true},
			{time.Second, ReasonCode(0x82), false},
			{time.Second, ErrClosedByBroker, false},
			{time.Second, ErrClosedByBroker, false},
			{time.Hour, ErrClosedByBroker, false},
			{time.Second, ErrClosedByBroker, false},
			{time.Second, ErrPingTimeout, false},
		} {
			b.connectedAt = time.Now()
			time.Sleep(tt.lasted)
			if got := b.recordLoss(tt.err); got != tt.want {
				t.Errorf("unexplained(%v) after %v = %t, want %t", tt.err, tt.lasted, got, tt.want)
			}
		}
	})
}
