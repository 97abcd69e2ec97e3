package connection

import (
	"context"
	"errors"
	"sync"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A secondary is a task beside the samples, such as discovery or clean-up, which
// must not stop them. It is abandoned until the next start if it fails while the
// connection lasts, or if several connections in a row have ended during it.
type secondary struct {
	log     zerolog.Logger
	name    string // in the log
	maxLost int    // connections in a row that may end

	mu        sync.Mutex // guards the fields below
	lost      int        // connections in a row
	abandoned bool
}

// isActive reports whether the task was not abandoned.
func (s *secondary) isActive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.abandoned
}

// abandon reports whether the task was still active.
func (s *secondary) abandon() (wasActive bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wasActive = !s.abandoned
	s.abandoned = true
	return wasActive
}

// reset begins to count anew.
func (s *secondary) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = 0
}

// record records the result of an attempt and why the connection ended, nil if it
// has not, and reports whether to abandon the task.
func (s *secondary) record(err, cause error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.lost = 0
	case cause == nil:
		return true
	case isProvoked(cause):
		s.lost++
	}
	return s.lost >= s.maxLost
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

// attempt runs f for one connection, whose lifetime is ctx, unless the task was
// abandoned.
func (s *secondary) attempt(ctx context.Context, c *mqtt.Client, f func(context.Context) error) {
	if s.isActive() {
		s.finish(ctx, c, f(ctx))
	}
}

// finish records the result of an attempt, and logs once that the task is
// abandoned.
func (s *secondary) finish(ctx context.Context, c *mqtt.Client, err error) {
	cause := c.Err()
	if err != nil && cause == nil && ctx.Err() != nil {
		return // it was stopped
	}
	if !s.record(err, cause) || !s.abandon() {
		return
	}
	if cause != nil {
		err = cause
	}
	s.log.Warn().Err(err).Msg(s.name + " abandoned until the next start")
}
