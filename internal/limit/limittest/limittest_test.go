package limittest_test

import (
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit/limittest"
)

// TestHistories: no random history breaks a rule.
func TestHistories(t *testing.T) {
	t.Parallel()
	var sum limittest.History
	for seed := range uint64(histories) {
		h := limittest.Random(seed, limittest.None)
		sum.Writes += h.Writes
		sum.Kills += h.Kills
		for i, k := range h.InStep {
			sum.InStep[i] += k
		}
		if vs := limittest.Check(h.Recording); len(vs) > 0 {
			t.Errorf("seed %d: %v", seed, vs)
			for _, e := range limittest.Excerpt(h.Recording) {
				t.Log(e)
			}
			t.FailNow()
		}
	}
	t.Logf("%d histories, %d writes, no violations; %d kills, of these %d during a reading, %d during a store, %d during a write", histories, sum.Writes, sum.Kills, sum.InStep[0], sum.InStep[1], sum.InStep[2])
}

// TestFaults: the checker finds each fault of a program in recordings of it.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault limittest.Fault
		rule  string
	}{
		{limittest.LeaseIgnored, limittest.NotRestored},
		{limittest.RetainedExecuted, limittest.NoCause},
		{limittest.WriteWithoutCause, limittest.NoCause},
		{limittest.RestoreSkipped, limittest.NotRestored},
		{limittest.TwoWrites, limittest.TooSoon},
	} {
		const n = 200
		found, first := 0, ""
		for seed := range uint64(n) {
			for _, v := range limittest.Check(limittest.Random(seed, tt.fault).Recording) {
				if v.Rule == tt.rule {
					found++
					if first == "" {
						first = v.String()
					}
					break
				}
			}
		}
		if found < 5 {
			t.Errorf("%s: %q was found in %d of %d histories", tt.fault, tt.rule, found, n)
		}
		t.Logf("%s: found in %d of %d histories, first: %s", tt.fault, found, n, strings.Join(strings.Fields(first), " "))
	}
}
