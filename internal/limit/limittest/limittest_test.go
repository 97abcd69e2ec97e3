package limittest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
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

// TestCheck: the rules of the checker, one by one.
func TestCheck(t *testing.T) {
	t.Parallel()
	export := func(w float64) limit.Setting { return limit.Setting{Active: true, Export: true, Watts: w} }
	started := limittest.Event{Kind: limittest.Started, Enabled: true}
	sent := func(at time.Duration, payload string) limittest.Event {
		return limittest.Event{At: at * time.Second, Kind: limittest.Sent, Payload: payload}
	}
	wrote := func(at time.Duration, s limit.Setting) []limittest.Event {
		return []limittest.Event{{At: at * time.Second, Kind: limittest.Write, Setting: s}, {At: at * time.Second, Kind: limittest.Changed, Setting: s}}
	}
	event := func(at time.Duration, k limittest.Kind, s limit.Setting) limittest.Event {
		return limittest.Event{At: at * time.Second, Kind: k, Setting: s, Enabled: true}
	}
	retained, early := sent(10, `{"export":0}`), sent(10, `{"export":0}`)
	retained.Retained, early.Early = true, true
	for _, tt := range []struct {
		name   string
		events []any // events, or slices of them
		want   string
	}{
		{"a lease", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), wrote(912, limit.Setting{})}, ""},
		{"another one within it", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), sent(30, "500"), wrote(32, export(500)), wrote(932, limit.Setting{})}, ""},
		{"not restored", []any{started, sent(10, `{"export":0}`), wrote(12, export(0))}, limittest.NotRestored},
		{"restored too early", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), wrote(900, limit.Setting{})}, limittest.TooEarly},
		{"restored to something else", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), wrote(912, export(5000)), wrote(930, limit.Setting{})}, limittest.NoCause},
		{"ended by a command", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), sent(30, `{"off":true}`), wrote(32, limit.Setting{})}, ""},
		{"ended by a stop", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(30, limittest.Stopping, limit.Setting{}), wrote(32, limit.Setting{})}, ""},
		{"ended by a crash", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(30, limittest.Ended, limit.Setting{}), event(40, limittest.Started, limit.Setting{}), wrote(52, limit.Setting{})}, ""},
		{"kept by a reload", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(30, limittest.Reloaded, limit.Setting{}), wrote(52, limit.Setting{})}, limittest.TooEarly},
		{"too soon", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), sent(13, "500"), wrote(20, export(500)), wrote(932, limit.Setting{})}, limittest.TooSoon},
		{"retained", []any{started, retained, wrote(12, export(0)), wrote(912, limit.Setting{})}, limittest.NoCause},
		{"early", []any{started, early, wrote(12, export(0)), wrote(912, limit.Setting{})}, limittest.NoCause},
		{"old", []any{started, sent(10, `{"export":0}`), wrote(50, export(0)), wrote(932, limit.Setting{})}, limittest.NoCause},
		{"sent before the start", []any{sent(10, `{"export":0}`), event(11, limittest.Started, limit.Setting{}), wrote(12, export(0)), wrote(932, limit.Setting{})}, limittest.NoCause},
		{"somebody else", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(100, limittest.Foreign, export(700))}, ""},
		{"somebody else overwritten", []any{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(100, limittest.Foreign, export(700)), wrote(912, limit.Setting{})}, limittest.Overwritten},
		{"forever, not permitted", []any{started, sent(10, `{"export":0,"for":"forever"}`), wrote(12, export(0))}, limittest.NoCause},
	} {
		var r limittest.Recording
		for _, e := range tt.events {
			switch e := e.(type) {
			case limittest.Event:
				r = append(r, e)
			case []limittest.Event:
				r = append(r, e...)
			}
		}
		vs := limittest.Check(r)
		if got := ""; len(vs) > 0 {
			got = vs[0].Rule
			if got != tt.want {
				t.Errorf("%s: %v, want %q", tt.name, vs, tt.want)
			}
		} else if tt.want != "" {
			t.Errorf("%s: no violation, want %q", tt.name, tt.want)
		}
	}
}
