package enlighten

import (
	"errors"
	"sync"
	"time"
)

// A ledger is what is known of the tokens of one gateway and of the logins for it,
// in memory and in the files of a store (records.go). It decides which token is used
// and whether a login may be made, and records each login before it is made. Any
// goroutine may use it.
type ledger struct {
	store    *Store
	account  Account
	canLogin bool       // the account is complete
	saving   sync.Mutex // held while the gateway's record or token is saved

	mu        sync.Mutex // guards the fields below; not held while a file is used
	tokens    candidates
	logins    loginRules
	err       error     // why there is no newer token
	retryAt   time.Time // no early renewal before
	loggingIn bool      // a login was recorded and its call has not ended
	loaded    bool      // the store was read for this gateway
	changed   bool      // since it was saved
	unsaved   unsaved   // files
	warnings  warnings
}

// newLedger returns a ledger before its first gateway. The account and the configured
// token may be empty.
func newLedger(store *Store, account Account, configured string) *ledger {
	return &ledger{
		store:    store,
		account:  account,
		canLogin: account.complete(),
		tokens:   candidates{configured: parseToken(configured, Configured)},
		logins:   loginRules{started: time.Now()},
		warnings: warnings{},
	}
}

// reset forgets the previous gateway if it was another one, because it was replaced
// or because its serial number is only known now. No login is running for it.
func (l *ledger) reset(serial string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tokens.serial == serial {
		return
	}
	l.tokens = candidates{serial: serial, configured: l.tokens.configured}
	l.logins.resetGateway()
	l.err, l.retryAt, l.loaded = nil, time.Time{}, false
	l.unsaved.record, l.unsaved.token = false, false
	clear(l.warnings)
}

// token returns the token to use, or false if there is none or the store was not
// read yet.
func (l *ledger) token() (token, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.tokens.best(time.Now())
	return t, ok && l.loaded
}

// expiredToken is token without regard to the time of expiry: our clock may be wrong.
func (l *ledger) expiredToken(serial string) (token, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.tokens.bestExpired()
	return t, ok && l.tokens.serial == serial
}

// reject records that the gateway rejected the token raw, and reports whether that is new.
func (l *ledger) reject(raw string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.tokens.reject(raw, now) {
		return false
	}
	l.changed = true
	if _, ok := l.tokens.best(now); ok {
		return true
	}
	l.err = ErrRefused
	if !l.canLogin {
		l.err = l.tokens.missingErr(now) // the error that Token will return
	}
	return true
}

// accept records that the gateway accepted the token raw, and reports whether
// that changes anything. If the gateway had rejected it before, that was an error
// of the gateway, and so all rejections are forgotten.
func (l *ledger) accept(raw string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	changed := raw == l.tokens.stored.raw && l.logins.gateway.accept(now)
	if l.tokens.isRejected(token{raw: raw}) {
		clear(l.tokens.rejected)
		changed = true
	}
	l.changed = l.changed || changed
	if _, ok := l.tokens.best(now); ok && errors.Is(l.err, ErrRefused) {
		l.err, changed = nil, true
	}
	return changed
}

// renewal returns when the token is renewed ahead of time, zero if it is not, and
// the serial number of its gateway.
func (l *ledger) renewal() (serial string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	best, ok := l.tokens.best(time.Now())
	if !ok || best.renewal.IsZero() {
		return "", time.Time{}
	}
	return l.tokens.serial, later(best.renewal, l.retryAt)
}

// A callReason is why a token is requested.
type callReason int

const (
	reasonMissing  callReason = iota // there is no usable token
	reasonExpiring                   // the token is renewed ahead of time
	reasonForced                     // the user requests a new token, which ends a pause
	reasonVerify                     // the user wants to know whether the account is right
	reasonInspect                    // the user requests the status; no login is made
)

// isNewLogin reports whether a login is made although there is a usable token.
func (r callReason) isNewLogin() bool { return r == reasonForced || r == reasonVerify }

// needsLogin reports whether a call with this reason needs a login, or returns
// why none can be made.
func (l *ledger) needsLogin(why callReason) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	best, ok := l.tokens.best(now)
	switch {
	case ok && (why == reasonMissing || why == reasonInspect):
		return false, nil
	case ok && why == reasonExpiring && (!l.canLogin || best.renewal.IsZero() || now.Before(best.renewal)):
		return false, nil // Status warns if there is no account
	case !l.canLogin:
		return false, l.tokens.missingErr(now)
	case why != reasonForced && now.Before(l.logins.offline.until):
		return false, l.logins.offline.err
	}
	return true, nil
}

// recordRefresh records the result of a call. It returns the error for the waiting
// callers: nil if they can use a token, unless they wait for a new login.
func (l *ledger) recordRefresh(why callReason, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.err, l.retryAt, l.loggingIn = err, time.Time{}, false
	switch {
	case !l.canLogin:
		l.retryAt = now.Add(time.Hour) // another process may store a token
	case err != nil:
		l.retryAt = later(l.logins.next(now), now.Add(minLoginInterval))
	}
	if pause, ok := errors.AsType[*PausedError](err); ok {
		l.retryAt = later(l.retryAt, pause.Until)
	}
	_, ok := l.tokens.best(now)
	if !ok && why == reasonMissing && l.tokens.retryRejected(now) {
		ok, l.changed = true, true
	}
	if ok && !why.isNewLogin() {
		return nil
	}
	return err
}
