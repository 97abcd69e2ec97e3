package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
)

// lockRetryInterval separates two attempts to lock a gateway that another process
// reads.
const lockRetryInterval = time.Second

// lockState is what an event loop knows about the lock of its gateway.
type lockState struct {
	isHeld   bool      // a session may be opened
	since    time.Time // since when another process holds the lock; zero if none does
	isWarned bool      // that it holds it for long
}

// A lockError is an error of a lock: the gateway must not be read.
type lockError struct{ error }

func (e lockError) Unwrap() error { return e.error }

// addLock locks the gateway with a serial number, which has just answered. lock may be
// nil.
func addLock(lock GatewayLock, serial string) error {
	if lock == nil {
		return nil
	}
	if err := lock.Add(serial); err != nil {
		return lockError{err}
	}
	return nil
}

// holdLock returns the request that locks the gateway. The session follows at once.
func (l *loop) holdLock() request {
	online := ""
	if l.publisher != nil && l.publisher.IsOnline() {
		online = l.publisher.Serial
	}
	serial, isIdentified := l.config.Serial, l.publisher != nil
	return func(context.Context) (handle func()) {
		if err := l.config.Lock.Hold(online); err != nil {
			return func() { l.handleLockError(lockError{err}) }
		}
		if isIdentified || serial == "" || !l.config.Lock.Holds(serial) {
			return func() { l.lock.isHeld = true }
		}
		saved := publish.SavedCounters(l.config.Counters, serial) // not before: another process may have changed them
		return func() {
			l.lock.isHeld = true
			l.setPublisher(serial, saved)
			l.reporter.update(l.state)
		}
	}
}

// handleLockError handles err if it is that of a lock, and reports whether it is. The
// next attempt then follows soon: the other process may be about to stop. A wait is
// logged once, and once more if it lasts.
func (l *loop) handleLockError(err error) bool {
	cause, isLock := errors.AsType[lockError](err)
	now := time.Now()
	if !isLock {
		return false
	}
	switch {
	case l.lock.since.IsZero():
		l.lock.since = now
		l.log.Info().Err(cause.error).Msg("gateway not locked yet, waiting")
	case !l.lock.isWarned && now.Sub(l.lock.since) >= l.config.StaleAfter:
		l.lock.isWarned = true
		l.log.Warn().Err(cause.error).Stringer("after", l.config.StaleAfter).Msg("gateway still not locked, it is not read here")
	}
	l.schedule.NextSample = now.Add(lockRetryInterval)
	l.state.Polled, l.state.Err = now, cause.error
	l.reporter.update(l.state)
	return true
}
