package enlighten

import (
	"context"
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// A Source provides the tokens of one gateway. Its exported fields are set before
// the first call. All methods may be called concurrently. Before [Source.Start],
// tokens are obtained when they are requested and not renewed ahead of time. The
// caller must call [Source.Close].
type Source struct {
	Configured string  // TOKEN of the configuration; it need not be a JWT
	Account    Account // zero = none: tokens are not obtained
	// Installer obtains tokens with the installer's role, by another login. Such a
	// source has a Store of its own. Other roles are [ErrNotInstaller].
	Installer bool
	Cloud     *Cloud // may be nil without an account
	Store     *Store // nil = memory only: the first login waits a minute, because it cannot be recorded

	// MayLogin, if not nil, returns why no login may be made now for the gateway with
	// a serial number: another process reads it and renews its token.
	MayLogin func(serial string) error

	// Changed, if not nil, receives each status that differs from the previous
	// one, after Start. It is called by one goroutine.
	Changed func(Status)

	once   sync.Once // calls setup
	ledger *ledger

	renewal     sync.WaitGroup  // the renewer's goroutine
	renewalCtx  context.Context // of the renewer
	stopRenewal context.CancelFunc
	wake        chan struct{} // of capacity 1: the renewer's next tick is due now

	calls  sync.WaitGroup  // the goroutine of call
	ctx    context.Context // of calls; ends with Close
	cancel context.CancelFunc

	mu   sync.Mutex // guards call
	call *call      // running refresh, nil if there is none
}

// setup makes the zero value work.
func (s *Source) setup() {
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.renewalCtx, s.stopRenewal = context.WithCancel(context.Background())
	s.wake = make(chan struct{}, 1)
	s.ledger = newLedger(s.Store, s.Account, s.Configured)
}

// Start renews tokens ahead of time until [Source.Close]. It is called once.
func (s *Source) Start() {
	s.once.Do(s.setup)
	r := &renewer{source: s}
	s.renewal.Go(func() { r.run(s.renewalCtx) })
}

// Close cancels a running login and waits for its end. Afterwards the source
// returns the token it has, but obtains none.
func (s *Source) Close() {
	s.once.Do(s.setup)
	s.stopRenewal()
	s.renewal.Wait() // first, because a login that is cancelled here is not reported
	s.mu.Lock()
	s.cancel() // with the lock, because tokenOrCall must not start a call afterwards
	s.mu.Unlock()
	s.calls.Wait()
	s.ledger.saveChanges()
}

// Token returns a token for the gateway with that serial number that the gateway
// has not rejected. If there is none, all callers wait for one login. If that
// fails, Token returns a token that has expired by our clock, or an error such as
// [ErrNoToken], [PausedError] or [ErrPassword]. If ctx ends, Token returns its
// error, and the login continues.
func (s *Source) Token(ctx context.Context, serial string) (string, error) {
	for {
		t, c, err := s.tokenOrCall(serial, reasonMissing)
		if c == nil {
			return t.raw, err
		}
		if err := c.wait(ctx); err != nil {
			return "", err
		}
		if c.serial != serial || c.err == nil {
			continue
		}
		if t, ok := s.ledger.expiredToken(serial); ok {
			return t.raw, nil
		}
		return "", c.err
	}
}

// Reject reports that the gateway rejected token: its check_jwt returned 401. The
// next Token returns another one.
func (s *Source) Reject(token string) {
	s.once.Do(s.setup)
	if s.ledger.reject(token) {
		s.notify()
	}
}

// Accept reports that the gateway accepted token. A token that was accepted is
// replaced at once if the gateway rejects it later. Accept is cheap enough to be
// called after each reading.
func (s *Source) Accept(token string) {
	s.once.Do(s.setup)
	if s.ledger.accept(token) {
		s.notify()
	}
}

// Status returns the current status.
func (s *Source) Status() Status {
	s.once.Do(s.setup)
	return s.ledger.status()
}

// notify makes the renewer's next tick due. It does not wait for it.
func (s *Source) notify() {
	select {
	case s.wake <- struct{}{}:
	default: // already due
	}
}

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
