package bridge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestFirstDocuments: from the first document on they come INTERVAL apart, also
// where that depends on a source that the first reading finds.
func TestFirstDocuments(t *testing.T) {
	for _, row := range []struct {
		cts     envoytest.CTs
		longest time.Duration
	}{
		{envoytest.BothCTs, time.Second},
		{envoytest.NoCTs, 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(&envoytest.Gateway{Phases: 3, CTs: row.cts, Start: morning()})
			r.Gateways[0].Interval, r.Gateways[0].Client.Source = 0, envoy.AutoSource
			r.start(t)
			time.Sleep(time.Minute)
			lives := r.since(time.Time{}, liveTopic)
			r.stop(t)
			if len(lives) < 10 {
				t.Fatalf("%d documents in a minute", len(lives))
			}
			for i := range lives[1:] {
				if gap := lives[i+1].Time.Sub(lives[i].Time).Round(100 * time.Millisecond); gap != row.longest {
					t.Errorf("document %d came %v after the one before, want %v", i+2, gap, row.longest)
				}
			}
		})
	}
}

// TestFrozenIsPolled: a frozen gateway is polled at the usual interval, in the
// same session, and live is back with its next new reading.
func TestFrozenIsPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: morning(), Remember: 10_000})
		r.Gateways[0].Interval, r.Gateways[0].StaleAfter, r.Gateways[0].Client.Source = 0, 0, envoy.AutoSource
		r.start(t)
		time.Sleep(time.Minute)
		r.gateway.Fault(envoytest.Frozen, -1)
		time.Sleep(10 * time.Minute)
		r.wantRetained(t, availTopic, "offline")
		asked, sessions := r.gateway.Count("/ivp/meters/readings"), r.gateway.Count("/info")
		time.Sleep(time.Minute)
		if n := r.gateway.Count("/ivp/meters/readings") - asked; n < 59 || n > 61 {
			t.Errorf("a frozen gateway was polled %d times in a minute, want 60", n)
		}
		if n := r.gateway.Count("/info") - sessions; n > 0 {
			t.Errorf("/info was read %d times while it was frozen", n)
		}
		r.gateway.Clear()
		ended := time.Now()
		time.Sleep(10 * time.Second)
		if lives := r.since(ended, liveTopic); len(lives) == 0 || lives[0].Time.Sub(ended) > 1100*time.Millisecond {
			t.Errorf("live documents after it thawed: %v, want the first within a second", len(lives))
		}
		r.stop(t)
	})
}
