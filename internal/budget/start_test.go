//go:build budget && linux

package budget_test

import (
	"testing"
	"time"
)

// TestStart measures from the start of the process, which knows a token from
// an earlier run and nothing else, to its first reading at a subscriber.
func TestStart(t *testing.T) {
	render(t)
	broker := startMosquitto(t)
	g := newInstant(t, 1)
	got := subscribe(t, broker, g.liveTopic())
	var took []float64
	for range 11 {
		s := configure(t, broker, g.section("ENVOY", 5*time.Second))
		s.keepToken(t, g)
		began := time.Now()
		p := start(t, s.command())
		took = append(took, float64(next(t, got).at.Sub(began).Microseconds())/1000)
		p.stop()
	}
	t.Logf("starts took %.1f ms", took)
	within(t, "start to first reading, stored token", median(took), 300, "ms")
}
