package bridge

import (
	"context"
	"errors"
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A secondary is a task beside the readings, such as discovery or clean-up,
// which must not stop them. It is abandoned until the next start when it fails
// over a connection that lasts, or when several connections in a row ended while
// it ran, which is not taken for a coincidence.
type secondary struct {
	name string // in the log
	most int    // connections in a row that end until then

	mu        sync.Mutex // guards what follows
	lost      int        // connections in a row
	abandoned bool
}

// active reports whether the task was not abandoned.
func (s *secondary) active() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.abandoned
}

// abandon reports whether the task was still active.
func (s *secondary) abandon() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.abandoned
	s.abandoned = true
	return !was
}

// ended notes the result of an attempt and why the connection ended, nil if it
// has not, and reports whether to abandon the task.
func (s *secondary) ended(err, cause error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.lost = 0
	case cause == nil:
		return true
	case provoked(cause):
		s.lost++
	}
	return s.lost >= s.most
}

// provoked reports whether a connection may have ended because of what was sent
// or asked for: the broker closed it, sent what is not allowed, or sent no answer
// (Mosquitto 2.0.11 drops answers too when more than 1,000 messages wait).
func provoked(cause error) bool {
	if why, ok := errors.AsType[mqtt.ReasonCode](cause); ok {
		return why != 0x8b && why != 0x8e && why != 0x98 // a shutdown, another client, an administrator
	}
	return errors.Is(cause, mqtt.ErrClosedByBroker) || errors.Is(cause, mqtt.ErrPacketTooLarge) || errors.Is(cause, mqtt.ErrPingTimeout)
}

// attempt runs a task for one connection, whose life is ctx, unless it was abandoned.
func (w *writer) attempt(ctx context.Context, s *secondary, f func(context.Context) error) {
	if s.active() {
		w.finish(ctx, s, f(ctx))
	}
}

// finish takes note of how an attempt went, and logs once that a task is abandoned.
func (w *writer) finish(ctx context.Context, s *secondary, err error) {
	cause := w.client.Err()
	if err != nil && cause == nil && ctx.Err() != nil {
		return // it was stopped
	}
	if !s.ended(err, cause) || !s.abandon() {
		return
	}
	if cause != nil {
		err = cause
	}
	w.log.Warn().Err(err).Msg(s.name + " abandoned until the next start")
}
