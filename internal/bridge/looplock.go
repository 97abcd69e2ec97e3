package bridge

import (
	"context"
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

// holdLock returns the request that locks the gateway. The session follows at once.
func (l *loop) holdLock() request {
	online := ""
	if l.publisher != nil && l.publisher.IsOnline() {
		online = l.publisher.Serial
	}
	serial, isIdentified := l.config.Serial, l.publisher != nil
	return func(context.Context) (handle func()) {
		if err := l.config.Lock.Hold(online); err != nil {
			return func() { l.onLockError(err) }
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

// onLockError handles an error of the lock: the gateway must not be read. The next
// attempt follows soon: the other process may be about to stop. A wait is logged once,
// and once more if it lasts.
func (l *loop) onLockError(err error) {
	now := time.Now()
	l.lock.isHeld = false
	switch {
	case l.lock.since.IsZero():
		l.lock.since = now
		l.log.Info().Err(err).Msg("gateway not locked yet, waiting")
	case !l.lock.isWarned && now.Sub(l.lock.since) >= l.config.StaleAfter:
		l.lock.isWarned = true
		l.log.Warn().Err(err).Stringer("after", l.config.StaleAfter).Msg("gateway still not locked, it is not read here")
	}
	l.schedule.NextSample = now.Add(lockRetryInterval)
	l.state.Polled, l.state.Err = now, err
	l.reporter.update(l.state)
}
