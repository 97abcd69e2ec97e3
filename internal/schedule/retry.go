package schedule

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

const (
	retryDelay     = time.Second      // after the first error, and between two timeouts
	errorDelay     = 2 * time.Second  // between errors for longErrorAge
	longErrorDelay = 10 * time.Second // between errors after that
	longErrorAge   = 30 * time.Second
	longTimeoutAge = time.Minute // after that much time with timeouts only, each attempt may take twice as long
	maxDoublings   = 10          // of a delay without a valid token, so that the longest interval does not overflow
)

// A retry holds the failed polls since the gateway last answered. Its zero
// value means that there are none.
type retry struct {
	failed    time.Time   // when the first of them failed
	kind      pollFailure // of the last one
	count     int         // of that kind in a row
	began     time.Time   // when the first of those began
	doublings int         // how often timeouts have been doubled
}

// A pollFailure is a kind of failed poll with a delay of its own.
type pollFailure uint8

const (
	failureError   pollFailure = iota // connection refused or reset, a status, garbage: known at once
	failureTimeout                    // no answer in time
	failureDenied                     // the gateway rejects the token, or there is none
)

func failureKindOf(err error) pollFailure {
	switch envoy.FailureOf(err) {
	case envoy.FailureTimeout:
		return failureTimeout
	case envoy.FailureUnauthorized, envoy.FailureToken:
		return failureDenied
	}
	return failureError
}

// next records a poll that began at start and failed at end, and returns when
// the gateway is polled again. Only the first retry after a timeout may come
// sooner than one interval later.
func (r *retry) next(kind pollFailure, start, end time.Time, interval time.Duration) time.Time {
	if r.failed.IsZero() {
		*r = retry{failed: end, kind: kind, began: start}
	} else if kind != r.kind {
		*r = retry{failed: r.failed, kind: kind, began: start}
	}
	r.count++
	age := end.Sub(r.failed)
	switch {
	case kind == failureTimeout && end.Sub(r.began) >= longTimeoutAge:
		r.doublings = min(r.doublings+1, 10)
		fallthrough
	case kind == failureTimeout && r.count > 1:
		return laterOf(end.Add(retryDelay), start.Add(interval))
	case kind == failureTimeout:
		return end
	case kind == failureDenied:
		return end.Add(max(interval, min(interval<<min(r.count-1, maxDoublings), longErrorDelay)))
	case age == 0:
		return end.Add(max(retryDelay, interval))
	case age < longErrorAge:
		return end.Add(max(errorDelay, interval))
	}
	return end.Add(max(longErrorDelay, interval))
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
