package enlighten

import (
	"cmp"
	"context"
	"time"
)

// A call is one refresh of a token. Concurrent callers wait for the same call.
type call struct {
	source    *Source
	serial    string
	reason    callReason
	loggingIn bool          // the cloud was asked; guarded by Source.mu
	done      chan struct{} // closed after err is set
	err       error         // why there is no token
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

// run reads the store, refreshes the token and ends the call. It locks Source.mu
// only for short times, never while it uses a file or the network.
func (c *call) run(ctx context.Context) {
	c.source.loadRecord(c.serial)
	err := c.refresh(ctx)

	c.source.mu.Lock()
	defer c.source.mu.Unlock()
	c.err = c.source.state.recordRefresh(c.reason, err, time.Now())
	c.source.call = nil
	close(c.done)
	c.source.renewer.notify()
}

// refresh makes a login if necessary.
func (c *call) refresh(ctx context.Context) error {
	c.source.mu.Lock()
	needed, err := c.source.state.needsLogin(c.reason, time.Now())
	c.source.mu.Unlock()
	if err != nil || !needed {
		return err
	}
	if c.reason == reasonInspect {
		return c.pauseError()
	}
	if mayLogin := c.source.MayLogin; mayLogin != nil {
		if err := mayLogin(c.serial); err != nil {
			return err
		}
	}
	before, err := c.recordAttempt()
	if err != nil {
		return err
	}
	obtain := c.source.Cloud.obtain
	if c.source.Installer {
		obtain = c.source.Cloud.obtainInstaller
	}
	raw, err := obtain(ctx, c.source.Account, c.serial)
	return c.recordLogin(ctx, raw, err, before)
}

// pauseError returns a [PausedError] if a login would have to wait.
func (c *call) pauseError() error {
	defer c.source.Store.accounts().lock()()
	c.source.loadRejections()

	c.source.mu.Lock()
	defer c.source.mu.Unlock()
	return c.source.state.logins.check(false, time.Now())
}

// recordAttempt records a login, also on disk, or returns why it must wait.
func (c *call) recordAttempt() (loginAttempt, error) {
	s := c.source
	defer s.Store.accounts().lock()()
	s.loadRejections()

	s.mu.Lock()
	now := time.Now()
	if err := s.state.logins.check(c.reason == reasonForced, now); err != nil {
		s.mu.Unlock()
		return loginAttempt{}, err
	}
	before := s.state.logins.recordAttempt(now)
	s.mu.Unlock()

	saveErr := cmp.Or(s.saveRecord(), s.saveRejections())

	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.state.logins.checkUnrecorded(saveErr, now); err != nil {
		s.state.logins.undo(before)
		return loginAttempt{}, err
	}
	s.state.logins.attempted, c.loggingIn = true, true
	s.renewer.notify()
	return before, nil
}

// recordLogin records the result of a login, also on disk, and returns its error.
func (c *call) recordLogin(ctx context.Context, raw string, err error, before loginAttempt) error {
	s := c.source
	defer s.Store.accounts().lock()()
	s.loadRejections()

	s.mu.Lock()
	t, err := s.state.recordLogin(raw, err, ctx.Err() != nil, before, time.Now())
	s.mu.Unlock()

	if t.raw != "" {
		_ = s.warnings.setError("token file", s.Store.saveToken(c.serial, t.raw))
	}
	_ = s.saveRecord() // an error becomes a warning
	_ = s.saveRejections()
	return err
}
