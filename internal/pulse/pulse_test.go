package pulse_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/pulse"
)

func TestPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var beats []int // seconds
		p := pulse.Start(func() time.Duration {
			beats = append(beats, int(time.Since(start).Seconds()))
			time.Sleep(2 * time.Second)
			return 10 * time.Second
		})
		wakeAt := func(second int) {
			time.Sleep(time.Until(start.Add(time.Duration(second) * time.Second)))
			p.Wake()
		}
		wakeAt(13) // while it runs
		wakeAt(20)
		wakeAt(33) // while it runs, and then it is over
		p.End()
		if took := time.Since(start); took != 34*time.Second {
			t.Errorf("End returns after %v, want 34 s, when the call is over", took)
		}
		p.Wake()
		time.Sleep(time.Minute)
		// 12 is ten seconds after the first has ended, 14 the call that was asked for during that.
		if want := []int{0, 12, 14, 20, 32}; !slices.Equal(beats, want) {
			t.Errorf("called at %v s, want %v", beats, want)
		}
	})
}

// TestWake: whenever it is woken, a call begins after that.
func TestWake(t *testing.T) {
	var said, heard atomic.Int64
	p := pulse.Start(func() time.Duration {
		heard.Store(said.Load())
		return time.Hour
	})
	defer p.End()
	for i := range int64(20_000) {
		said.Store(i + 1)
		p.Wake()
		for deadline := time.Now().Add(time.Minute); heard.Load() <= i; {
			if time.Now().After(deadline) {
				t.Fatalf("wake %d was lost", i+1)
			}
		}
	}
}
