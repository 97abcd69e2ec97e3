package filter

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// TestResetWithinOneMoment: three readings a second apart are one moment of the
// gateway, and not yet a new meter.
func TestResetWithinOneMoment(t *testing.T) {
	start := time.Now()
	c, _ := counterState{}.accept(report{1000, envoy.ReadingRegister, false, maxHousePower, start})
	passes := 0
	for second := 1; second <= 12; second++ {
		now := start.Add(time.Duration(second) * time.Second)
		next, ok := c.accept(report{1, envoy.ReadingRegister, false, maxHousePower, now})
		if c = next; ok && passes == 0 {
			passes = second
		}
	}
	if passes != 10 {
		t.Errorf("a fall is accepted after %d s, want 10", passes)
	}
}

// TestSavedCounters: each version reads what an earlier one has saved.
func TestSavedCounters(t *testing.T) {
	for _, written := range []string{
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","wraps":2,"source":"inverters"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","source":"production.json"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","source":"readings"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","source":"api"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","source":"computed"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z","rose":"2026-05-01T11:00:00Z","behind":0.5,"wraps":-7,"source":"api"}`,
		`{"kwh":1.5,"at":"2026-05-01T12:00:00Z"}`,
	} {
		var c counterState
		if err := json.Unmarshal([]byte(written), &c); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(c); err != nil || string(again) != written {
			t.Errorf("%s is saved again as %s, %v", written, again, err)
		}
	}
	var c counterState
	if err := json.Unmarshal([]byte(`{"kwh":1.5,"source":"of a later version"}`), &c); err != nil || c.Source != 0 || c.Value != 1.5 {
		t.Errorf("a source that is not known: %+v, %v", c, err)
	}
}
