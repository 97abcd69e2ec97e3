package enlighten

import (
	"context"
	"slices"
	"sync"
	"time"
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
	Cloud     *Cloud // nil = Enphase's cloud
	Store     *Store // nil = memory only: the first login waits a minute, because it cannot be recorded

	// MayLogin, if not nil, returns why no login may be made now for the gateway with
	// a serial number: another process reads it and renews its token.
	MayLogin func(serial string) error

	// Changed, if not nil, receives each status that differs from the previous
	// one, after Start. It is called by one goroutine.
	Changed func(Status)

	warnings warnings
	saving   sync.Mutex     // held while the gateway's record is saved
	calls    sync.WaitGroup // the goroutine of call

	mu                sync.Mutex      // guards the fields below
	ctx               context.Context // of calls; ends with Close; nil before the first method call
	cancel            context.CancelFunc
	renewer           *renewer // nil before Start
	call              *call    // running refresh, nil if there is none
	state             gatewayState
	rejectionsUnsaved bool // the last attempt to save the account's rejections failed
}

// setup makes the zero value work. The caller holds s.mu.
func (s *Source) setup() {
	if s.ctx != nil {
		return
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.state.account, s.state.canLogin = s.Account.hash(), s.Account.complete()
	s.state.tokens.configured = parseToken(s.Configured, Configured)
	s.state.logins.started = time.Now()
	if s.Cloud == nil {
		s.Cloud = new(Cloud)
	}
}

// Start renews tokens ahead of time until [Source.Close]. It is called once.
func (s *Source) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setup()
	s.renewer = startRenewer(s)
}

// Close cancels a running login and waits for its end. Afterwards the source
// returns the token it has, but obtains none.
func (s *Source) Close() {
	s.mu.Lock()
	s.setup()
	r := s.renewer
	s.mu.Unlock()
	if r != nil {
		r.stop() // first, because a login that is cancelled here is not reported
	}
	s.mu.Lock()
	s.cancel() // with the lock, because tokenOrCall must not start a call afterwards
	s.mu.Unlock()
	s.calls.Wait()
	s.saveChanges()
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
		if c.serial == serial && c.err != nil {
			return s.expiredToken(serial, c.err)
		}
	}
}

// expiredToken returns a token that has expired by our clock, or err if there is none.
func (s *Source) expiredToken(serial string, err error) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.state.tokens.bestExpired(); ok && s.state.tokens.serial == serial {
		return t.raw, nil
	}
	return "", err
}

// tokenOrCall returns a usable token, or the call to wait for.
func (s *Source) tokenOrCall(serial string, why callReason) (token, *call, error) {
	if !validSerial(serial) {
		return token{}, nil, invalidSerialError(serial)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setup()
	if s.call != nil && (s.call.serial != serial || why.isNewLogin()) {
		return token{}, s.call, nil
	}
	s.resetFor(serial)
	if t, ok := s.state.tokens.best(time.Now()); ok && s.state.loaded && why == reasonMissing {
		return t, nil, nil
	}
	if s.ctx.Err() != nil {
		return token{}, nil, errStopped
	}
	if s.call == nil {
		c := &call{source: s, serial: serial, reason: why, done: make(chan struct{})}
		s.call = c
		s.calls.Go(func() { c.run(s.ctx) })
	}
	return token{}, s.call, nil
}

// resetFor forgets the previous gateway if it was another one. The caller holds
// s.mu, and no call is running for another gateway.
func (s *Source) resetFor(serial string) {
	if s.state.tokens.serial != serial {
		s.state.resetFor(serial)
		s.warnings.clear()
	}
}

// Reject reports that the gateway rejected token: its check_jwt returned 401. The
// next Token returns another one.
func (s *Source) Reject(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setup()
	if s.state.reject(token, time.Now()) {
		s.renewer.notify()
	}
}

// Accept reports that the gateway accepted token. A token that was accepted is
// replaced at once if the gateway rejects it later. Accept is cheap enough to be
// called after each reading.
func (s *Source) Accept(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setup()
	if s.state.accept(token, time.Now()) {
		s.renewer.notify()
	}
}

// Status returns the current status.
func (s *Source) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setup()
	st := s.state.status(s.call != nil && s.call.loggingIn, time.Now())
	st.Warnings = append(st.Warnings, s.warnings.list()...)
	slices.Sort(st.Warnings)
	return st
}
