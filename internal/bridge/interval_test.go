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
			r.Feeds[0].Interval, r.Feeds[0].Client.Source = 0, envoy.AutoSource
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
