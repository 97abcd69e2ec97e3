package schedule

import (
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// outageFailures is how many failures in a row are an outage, after which the
// session is opened again: the gateway may have restarted with other firmware.
const outageFailures = 2

// Failures are the failed polls since the latest sample.
type Failures struct {
	Count        int // without discarded samples
	retry        retry
	skippedSince time.Time   // since when samples are discarded, or the meters were checked; zero if they are not
	Logged       problem.Set // each problem is logged once
	Err          error       // of the latest poll
}

// Add records a failed poll that was started at a time. It returns when the next
// poll is due, and whether the session must be opened again.
func (f *Failures) Add(err error, started, now time.Time, interval time.Duration) (next time.Time, reopen bool) {
	f.Err = err
	_, isFrozen := errors.AsType[*envoy.FrozenError](err)
	switch {
	case envoy.IsSkipped(err): // the gateway responds: no delay
		f.retry = retry{}
		if f.skippedSince.IsZero() {
			f.skippedSince = now
		}
		return now.Add(interval), false
	case isFrozen: // likewise
		f.retry = retry{}
		f.Count++
		return now.Add(interval), false
	}
	f.Count++
	next = f.retry.next(failureKindOf(err), started, now, interval)
	return next, f.Count >= outageFailures || errors.Is(err, envoy.ErrReopen)
}

// AreMetersMissing reports whether samples have been discarded for so long that a
// meter may not exist any more.
func (f *Failures) AreMetersMissing(now time.Time, staleAfter time.Duration) bool {
	return !f.skippedSince.IsZero() && now.Sub(f.skippedSince) >= staleAfter
}

// RecordMeterCheck records that the meters are checked at now. The next check is as late.
func (f *Failures) RecordMeterCheck(now time.Time) { f.skippedSince = now }

// Doublings returns how often timeouts must be doubled.
func (f *Failures) Doublings() int { return f.retry.doublings }

const (
	retryDelay     = time.Second      // after the first error, and between two timeouts
	errorDelay     = 2 * time.Second  // between errors for longErrorAge
	longErrorDelay = 10 * time.Second // between errors after that
	longErrorAge   = 30 * time.Second
	longTimeoutAge = time.Minute // after that much time with timeouts only, each attempt may take twice as long
	maxDoublings   = 10          // of a delay or a timeout, so that the longest interval does not overflow
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
		r.doublings = min(r.doublings+1, maxDoublings)
		fallthrough
	case kind == failureTimeout && r.count > 1:
		return end.Add(max(retryDelay, interval-end.Sub(start)))
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
