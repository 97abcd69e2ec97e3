package connection

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// retryDelay is how long a task is abandoned. Then it is made again with the next
// connection, because the broker may have been overloaded, or was corrected.
const retryDelay = time.Hour

// A secondary is a task beside the samples, such as discovery or clean-up, which
// must not stop them. If the broker rejects it, it is made again with the next
// connection. It is abandoned for an hour if several connections in a row have ended
// during it, and then each time that one more ends during it.
type secondary struct {
	log     zerolog.Logger
	name    string // in the log
	maxLost int    // connections in a row that may end

	mu          sync.Mutex // guards the fields below
	lost        int        // connections in a row
	pausedUntil time.Time
	ended       bool        // until the next start
	rejected    problem.Set // since the last success
}

// isActive reports whether the task may be made.
func (s *secondary) isActive() bool { return s.wasActiveAt(time.Now()) }

// wasActiveAt reports whether the task may have been made at a time, the start of the
// present connection or later.
func (s *secondary) wasActiveAt(t time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ended && !t.Before(s.pausedUntil)
}

// end ends the task until the next start, and reports whether it was active.
func (s *secondary) end() (wasActive bool) {
	wasActive = s.isActive()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	return wasActive
}

// reset begins to count anew.
func (s *secondary) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = 0
}

// record records the result of an attempt and why the connection has ended, nil if it
// has not, and reports whether the task is abandoned.
func (s *secondary) record(err, cause error) (isAbandoned bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.lost = 0
		s.rejected.Clear()
	case isProvoked(cause):
		if s.lost++; s.lost >= s.maxLost {
			s.pausedUntil = time.Now().Add(retryDelay)
			return true
		}
	}
	return false
}

// isNewRejection reports whether a rejection was not logged since the last success.
func (s *secondary) isNewRejection(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rejected.Add(err)
}

// isProvoked reports whether a connection may have ended because of what was sent
// or requested: the broker closed it, sent what is not allowed, or sent no answer
// (Mosquitto 2.0.11 drops answers too when more than 1,000 messages wait).
func isProvoked(cause error) bool {
	if why, ok := errors.AsType[mqtt.ReasonCode](cause); ok {
		return why != 0x8b && why != 0x8e && why != 0x98 // a shutdown, another client, an administrator
	}
	return errors.Is(cause, mqtt.ErrClosedByBroker) || errors.Is(cause, mqtt.ErrPacketTooLarge) || errors.Is(cause, mqtt.ErrPingTimeout)
}

// attempt runs f for one connection, whose lifetime is ctx, unless the task is
// abandoned, and reports whether it failed while the connection lasts.
func (s *secondary) attempt(ctx context.Context, c *mqtt.Client, f func(context.Context) error) (isRejected bool) {
	return s.isActive() && s.finish(ctx, c, f(ctx))
}

// finish records the result of an attempt, logs what is wrong, and reports whether it
// failed while the connection lasts.
func (s *secondary) finish(ctx context.Context, c *mqtt.Client, err error) (isRejected bool) {
	cause := c.Err()
	switch {
	case err != nil && cause == nil && ctx.Err() != nil: // it was stopped
	case err != nil && cause == nil:
		if s.isNewRejection(err) {
			s.log.Warn().Err(err).Msg(s.name + " failed, retrying with the next connection")
		}
		return true
	case s.record(err, cause):
		s.log.Warn().Err(cause).Msg(s.name + " abandoned for an hour")
	}
	return false
}
