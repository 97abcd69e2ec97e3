package limittest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit/limittest"
)

// TestCheck: the rules of the checker, one by one.
func TestCheck(t *testing.T) {
	t.Parallel()
	export := func(w float64) limit.Setting { return limit.Setting{Active: true, Export: true, Watts: w} }
	started := limittest.Recording{{Kind: limittest.Started, Enabled: true}}
	sent := func(at time.Duration, payload string) limittest.Recording {
		return limittest.Recording{{At: at * time.Second, Kind: limittest.Sent, Payload: payload}}
	}
	wrote := func(at time.Duration, s limit.Setting) limittest.Recording {
		return limittest.Recording{{At: at * time.Second, Kind: limittest.Write, Setting: s}, {At: at * time.Second, Kind: limittest.Changed, Setting: s}}
	}
	event := func(at time.Duration, k limittest.Kind, s limit.Setting) limittest.Recording {
		return limittest.Recording{{At: at * time.Second, Kind: k, Setting: s, Enabled: true}}
	}
	retained, early := sent(10, `{"export":0}`), sent(10, `{"export":0}`)
	retained[0].Retained, early[0].Early = true, true
	for _, tt := range []struct {
		name   string
		events []limittest.Recording
		want   string
	}{
		{"a lease", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), wrote(912, limit.Setting{})}, ""},
		{"another one within it", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), sent(30, "500"), wrote(32, export(500)), wrote(932, limit.Setting{})}, ""},
		{"not restored", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0))}, limittest.NotRestored},
		{"restored too early", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), wrote(900, limit.Setting{})}, limittest.TooEarly},
		{"restored to something else", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), wrote(912, export(5000)), wrote(930, limit.Setting{})}, limittest.NoCause},
		{"ended by a command", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), sent(30, `{"off":true}`), wrote(32, limit.Setting{})}, ""},
		{"ended by a stop", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(30, limittest.Stopping, limit.Setting{}), wrote(32, limit.Setting{})}, ""},
		{"ended by a crash", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(30, limittest.Ended, limit.Setting{}), event(40, limittest.Started, limit.Setting{}), wrote(52, limit.Setting{})}, ""},
		{"kept by a reload", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(30, limittest.Reloaded, limit.Setting{}), wrote(52, limit.Setting{})}, limittest.TooEarly},
		{"too soon", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), sent(13, "500"), wrote(20, export(500)), wrote(932, limit.Setting{})}, limittest.TooSoon},
		{"retained", []limittest.Recording{started, retained, wrote(12, export(0)), wrote(912, limit.Setting{})}, limittest.NoCause},
		{"early", []limittest.Recording{started, early, wrote(12, export(0)), wrote(912, limit.Setting{})}, limittest.NoCause},
		{"old", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(50, export(0)), wrote(932, limit.Setting{})}, limittest.NoCause},
		{"sent before the start", []limittest.Recording{sent(10, `{"export":0}`), event(11, limittest.Started, limit.Setting{}), wrote(12, export(0)), wrote(932, limit.Setting{})}, limittest.NoCause},
		{"somebody else", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(100, limittest.Foreign, export(700))}, ""},
		{"somebody else overwritten", []limittest.Recording{started, sent(10, `{"export":0}`), wrote(12, export(0)), event(100, limittest.Foreign, export(700)), wrote(912, limit.Setting{})}, limittest.Overwritten},
		{"forever, not permitted", []limittest.Recording{started, sent(10, `{"export":0,"for":"forever"}`), wrote(12, export(0))}, limittest.NoCause},
	} {
		vs := limittest.Check(slices.Concat(tt.events...))
		got := ""
		if len(vs) > 0 {
			got = vs[0].Rule
		}
		if got != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, vs, tt.want)
		}
	}
}
