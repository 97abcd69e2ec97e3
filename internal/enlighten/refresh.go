package enlighten

import (
	"context"

	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// A call is one refresh of a token. Concurrent callers wait for the same call.
type call struct {
	serial string
	reason callReason
	done   chan struct{} // closed after err is set
	err    error         // why there is no token
}

// wait returns nil when the call has ended, or the error of ctx.
func (c *call) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return nil
	}
}

// tokenOrCall returns a usable token, or the call to wait for.
func (s *Source) tokenOrCall(serial string, why callReason) (token, *call, error) {
	if !serialnumber.IsGateway(serial) {
		return token{}, nil, invalidSerialError(serial)
	}
	s.once.Do(s.setup)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.call != nil && (s.call.serial != serial || why.isNewLogin()) {
		return token{}, s.call, nil
	}
	s.ledger.reset(serial)
	if t, ok := s.ledger.token(); ok && why == reasonMissing {
		return t, nil, nil
	}
	if s.ctx.Err() != nil {
		return token{}, nil, errStopped
	}
	if s.call == nil {
		c := &call{serial: serial, reason: why, done: make(chan struct{})}
		s.call = c
		s.calls.Go(func() { s.run(c) })
	}
	return token{}, s.call, nil
}

// isCalling reports whether a call is running.
func (s *Source) isCalling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.call != nil
}

// run reads the store, refreshes the token and ends the call.
func (s *Source) run(c *call) {
	s.ledger.load(c.serial)
	err := s.refresh(s.ctx, c.serial, c.reason)

	s.mu.Lock()
	defer s.mu.Unlock()
	c.err = s.ledger.recordRefresh(c.reason, err)
	s.call = nil
	close(c.done)
	s.notify()
}

// refresh makes a login if necessary.
func (s *Source) refresh(ctx context.Context, serial string, why callReason) error {
	needed, err := s.ledger.needsLogin(why)
	if err != nil || !needed {
		return err
	}
	if why == reasonInspect {
		return s.ledger.pauseError()
	}
	if s.MayLogin != nil {
		if err := s.MayLogin(serial); err != nil {
			return err
		}
	}
	before, err := s.ledger.recordAttempt(why == reasonForced)
	if err != nil {
		return err
	}
	s.notify()
	logIn := s.Cloud.Token
	if s.Installer {
		logIn = s.Cloud.installerToken
	}
	raw, err := logIn(ctx, s.Account, serial)
	return s.ledger.recordLogin(raw, err, ctx.Err() != nil, before)
}
