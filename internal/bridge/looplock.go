package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// lockRetryInterval separates two attempts to lock a gateway that another process
// reads.
const lockRetryInterval = time.Second

// lockState is what an event loop knows about the lock of its gateway.
type lockState struct {
	lock   GatewayLock // nil if the gateway needs none
	isHeld bool        // a session may be opened
	wait   lockWait
}

// A lockWait is a time in which another process holds the lock.
type lockWait struct {
	since    time.Time // zero if none holds it
	isWarned bool      // that it lasts
}

// A lockError is an error of a lock: the gateway must not be read.
type lockError struct{ error }

func (e lockError) Unwrap() error { return e.error }

// isMissing reports whether the gateway must be locked before a session is opened.
func (s *lockState) isMissing() bool { return s.lock != nil && !s.isHeld }

// startLocking starts to lock the gateway.
func (l *loop) startLocking(ctx context.Context) {
	lock, online := l.config.Lock, ""
	if l.publisher != nil && l.publisher.IsOnline() {
		online = l.publisher.Serial
	}
	hold := func(context.Context) error {
		if err := lock.Hold(online); err != nil {
			return lockError{err}
		}
		return nil
	}
	startRequest(ctx, &l.requests, withoutResult(hold), l.onLocked)
}

// onLocked handles the result of [GatewayLock.Hold]. The session follows at once.
func (l *loop) onLocked(_ struct{}, err error) {
	if l.isLockedElsewhere(err) {
		return
	}
	l.lock.isHeld = true
	if serial := l.config.Serial; l.publisher == nil && serial != "" && l.config.Lock.Holds(serial) {
		l.setPublisher(serial) // not before: another process may have changed the counters
		l.reporter.update(l.state)
	}
}

// opener returns the request that opens a session by open. It locks the gateway that
// answers.
func (s *lockState) opener(open func(context.Context) (*envoy.Session, error)) func(context.Context) (*envoy.Session, error) {
	lock := s.lock
	if lock == nil {
		return open
	}
	return func(ctx context.Context) (*envoy.Session, error) {
		session, err := open(ctx)
		if err != nil {
			return nil, err
		}
		if err := lock.Add(session.Serial); err != nil {
			return nil, lockError{err}
		}
		return session, nil
	}
}

// isLockedElsewhere reports whether err is that of a lock. The next attempt then
// follows soon: the other process may be about to stop. A wait is logged once, and
// once more if it lasts.
func (l *loop) isLockedElsewhere(err error) bool {
	cause, isLock := errors.AsType[lockError](err)
	now := time.Now()
	if !isLock {
		return false
	}
	switch {
	case l.lock.wait.since.IsZero():
		l.lock.wait.since = now
		l.log.Info().Err(cause.error).Msg("gateway not locked yet, waiting")
	case !l.lock.wait.isWarned && now.Sub(l.lock.wait.since) >= l.config.StaleAfter:
		l.lock.wait.isWarned = true
		l.log.Warn().Err(cause.error).Stringer("after", l.config.StaleAfter).Msg("gateway still not locked, it is not read here")
	}
	l.schedule.NextSample = now.Add(lockRetryInterval)
	l.state.Polled, l.state.Err = now, cause.error
	l.reporter.update(l.state)
	return true
}
