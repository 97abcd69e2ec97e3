package schedule

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// TestRetryDelays: what is known at once is retried soon, and then more rarely;
// nothing but the first retry after a timeout comes sooner than INTERVAL.
func TestRetryDelays(t *testing.T) {
	const ms = time.Millisecond
	busy := error(&transport.StatusError{Path: "/ivp/meters/readings", Code: http.StatusServiceUnavailable})
	refused := fmt.Errorf("/production.json: %w", envoy.ErrUnauthorized)
	for _, row := range []struct {
		name     string
		err      error
		took     time.Duration // each attempt
		interval time.Duration
		attempts int
		want     []time.Duration // delays after the end of an attempt, the last one lasts
		doubled  int             // timeouts
	}{
		{"errors", busy, 0, time.Second, 19, append(append([]time.Duration{time.Second}, slices.Repeat([]time.Duration{2 * time.Second}, 15)...), 10*time.Second), 0},
		{"errors, long interval", busy, 0, 5 * time.Second, 10, append(slices.Repeat([]time.Duration{5 * time.Second}, 6), 10*time.Second), 0},
		{"errors, longer interval", busy, 0, time.Minute, 5, []time.Duration{time.Minute}, 0},
		{"garbage", errors.New("not JSON"), 500 * ms, time.Second, 3, []time.Duration{time.Second, 2 * time.Second}, 0},
		{"timeouts", errTimeout{}, 2 * time.Second, time.Second, 20, []time.Duration{0, time.Second}, 0},
		{"timeouts for a minute", errTimeout{}, 2 * time.Second, time.Second, 23, []time.Duration{0, time.Second}, 3},
		{"timeouts, long interval", errTimeout{}, 2 * time.Second, 30 * time.Second, 3, []time.Duration{0, 28 * time.Second}, 0},
		{"refused", refused, 0, time.Second, 9, []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second}, 0},
		{"refused, longest interval", refused, 0, 24 * time.Hour, 40, []time.Duration{24 * time.Hour}, 0},
		{"no token", &auth.TokenError{Err: errors.New("next login not before")}, 0, 4 * time.Second, 4, []time.Duration{4 * time.Second, 8 * time.Second, 10 * time.Second}, 0},
	} {
		var r retry
		now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
		for i := range row.attempts {
			start := now
			end := start.Add(row.took)
			now = r.next(failureKindOf(row.err), start, end, row.interval)
			if got, want := now.Sub(end), row.want[min(i, len(row.want)-1)]; got != want {
				t.Errorf("%s: delay %d is %v, want %v", row.name, i+1, got, want)
			}
		}
		if r.doublings != row.doubled {
			t.Errorf("%s: timeouts doubled %d times, want %d", row.name, r.doublings, row.doubled)
		}
	}
}

type errTimeout struct{}

func (errTimeout) Error() string { return "no complete response within 2s" }
func (errTimeout) Timeout() bool { return true }

// TestRetryKinds: a gateway that restarts fails in several ways, and each has
// its own delays.
func TestRetryKinds(t *testing.T) {
	var r retry
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	fail := func(kind pollFailure, at, took, want time.Duration) {
		t.Helper()
		from, end := start.Add(at), start.Add(at+took)
		if got := r.next(kind, from, end, time.Second).Sub(end); got != want {
			t.Errorf("failure of kind %d at %v: next after %v, want %v", kind, at, got, want)
		}
	}
	const s = time.Second
	fail(failureError, 0, 0, 1*s)
	fail(failureError, 1*s, 0, 2*s)
	fail(failureTimeout, 3*s, 2*s, 0)
	fail(failureTimeout, 5*s, 2*s, 1*s)
	fail(failureTimeout, 70*s, 2*s, 1*s)
	if r.doublings != 1 {
		t.Errorf("timeouts doubled %d times after a minute, want once", r.doublings)
	}
	fail(failureError, 80*s, 0, 10*s)
	if r.doublings != 0 {
		t.Error("an error, which is an answer, does not reset the timeouts")
	}
	fail(failureDenied, 90*s, 0, 1*s)
	fail(failureDenied, 91*s, 0, 2*s)
	fail(failureTimeout, 93*s, 2*s, 0)
}

// TestRequestTimeout: requests are given up by what the gateway's answers took.
func TestRequestTimeout(t *testing.T) {
	const ms = time.Millisecond
	for _, row := range []struct {
		name     string
		path     string // that has answered
		answers  int
		took     time.Duration
		readings time.Duration // wanted for /ivp/meters/readings; /info and the session's other requests have the same
		page     time.Duration // for /production.json
	}{
		{"nothing known", "", 0, 0, 5 * time.Second, 0},
		{"few answers", "/ivp/meters/readings", 19, 50 * ms, 5 * time.Second, 0},
		{"few answers, slow", "/ivp/meters/readings", 1, 3 * time.Second, 12 * time.Second, 0},
		{"enough answers", "/ivp/meters/readings", 20, 50 * ms, 2 * time.Second, 0},
		{"enough answers, slow", "/ivp/meters/readings", 200, 700 * ms, 2800 * ms, 0},
		{"from inverters alone", "/api/v1/production", 20, 50 * ms, 2 * time.Second, 0},
		{"another path", "/ivp/ensemble/power", 200, 8 * time.Second, 5 * time.Second, 0},
		{"production.json, few answers", "/production.json", 19, 300 * ms, 5 * time.Second, 0},
		{"production.json", "/production.json", 20, 300 * ms, 5 * time.Second, 10 * time.Second},
		{"production.json, slow", "/production.json", 20, 8 * time.Second, 5 * time.Second, 32 * time.Second},
	} {
		r := new(ResponseTimes)
		for range row.answers {
			r.Add(row.path, row.took, nil)
			r.Add(row.path, time.Hour, errors.New("reset"))
		}
		for path, want := range map[string]time.Duration{
			"/ivp/meters/readings": row.readings, "/info": row.readings, "/auth/check_jwt": row.readings, "/ivp/meters": row.readings,
			"/ivp/livedata/status": row.readings, "/api/v1/production": row.readings, "/production.json": row.page, "/ivp/ensemble/inventory": 0,
		} {
			if got := r.Timeout(path); got != want {
				t.Errorf("%s: timeout of %s is %v, want %v", row.name, path, got, want)
			}
		}
		r.SetDoublings(2)
		if got := r.Timeout("/info"); got != 4*row.readings {
			t.Errorf("%s: doubled twice it is %v, want %v", row.name, got, 4*row.readings)
		}
	}
}
