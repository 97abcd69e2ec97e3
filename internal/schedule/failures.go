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
	_, isSkipped := errors.AsType[*envoy.SkippedError](err)
	_, isFrozen := errors.AsType[*envoy.FrozenError](err)
	switch {
	case isSkipped: // the gateway responds: no delay
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
