package enlighten

import (
	"errors"
	"time"
)

// gatewayState is what a Source knows about one gateway. Its methods only
// decide: they read no file and send no request. Source.mu guards it.
type gatewayState struct {
	account  string // hash of the account
	canLogin bool   // the account is complete
	tokens   candidates
	logins   loginRules
	err      error     // why there is no newer token
	retryAt  time.Time // no early renewal before
	loaded   bool      // the store was read for this gateway
	changed  bool      // since it was saved
	unsaved  bool      // the last attempt to save failed
}

// resetFor forgets the previous gateway, because another one has replaced it or
// because its serial number is only known now.
func (g *gatewayState) resetFor(serial string) {
	g.tokens = candidates{serial: serial, configured: g.tokens.configured}
	g.logins.resetGateway()
	g.err, g.retryAt, g.loaded, g.unsaved = nil, time.Time{}, false, false
}

// reject records that the gateway rejected the token raw, and reports whether that is new.
func (g *gatewayState) reject(raw string, now time.Time) bool {
	if !g.tokens.reject(raw, now) {
		return false
	}
	g.changed = true
	if _, ok := g.tokens.best(now); ok {
		return true
	}
	g.err = ErrRefused
	if !g.canLogin {
		g.err = g.tokens.missingErr(now) // the error that Token will return
	}
	return true
}

// accept records that the gateway accepted the token raw, and reports whether
// that changes anything. If the gateway had rejected it before, that was an error
// of the gateway, and so all rejections are forgotten.
func (g *gatewayState) accept(raw string, now time.Time) bool {
	changed := raw == g.tokens.stored.raw && g.logins.gateway.accept(now)
	if len(g.tokens.rejected) > 0 && g.tokens.isRejected(token{raw: raw}) {
		clear(g.tokens.rejected)
		changed = true
	}
	g.changed = g.changed || changed
	if _, ok := g.tokens.best(now); ok && errors.Is(g.err, ErrRefused) {
		g.err, changed = nil, true
	}
	return changed
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
func (g *gatewayState) needsLogin(why callReason, now time.Time) (bool, error) {
	best, ok := g.tokens.best(now)
	renewal := best.renewal
	switch {
	case ok && (why == reasonMissing || why == reasonInspect):
		return false, nil
	case ok && why == reasonExpiring && (!g.canLogin || renewal.IsZero() || now.Before(renewal)):
		return false, nil // Status warns if there is no account
	case !g.canLogin:
		return false, g.tokens.missingErr(now)
	case why != reasonForced && now.Before(g.logins.offline.until):
		return false, g.logins.offline.err
	}
	return true, nil
}

// recordRefresh records the result of a refresh. It returns the error for the
// waiting callers: nil if they can use a token, unless they wait for a new login.
func (g *gatewayState) recordRefresh(why callReason, err error, now time.Time) error {
	g.err, g.retryAt = err, time.Time{}
	switch {
	case !g.canLogin:
		g.retryAt = now.Add(time.Hour) // another process may store a token
	case err != nil:
		g.retryAt = later(g.logins.next(now), now.Add(minLoginInterval))
	}
	if pause, ok := errors.AsType[*PausedError](err); ok {
		g.retryAt = later(g.retryAt, pause.Until)
	}
	_, ok := g.tokens.best(now)
	if !ok && why == reasonMissing && g.tokens.retryRejected(now) {
		ok, g.changed = true, true
	}
	if ok && !why.isNewLogin() {
		return nil
	}
	return err
}

// recordLogin records the result of a login: a token, an error, or both if the
// token has expired by our clock. It returns the error, and the token to store if any.
func (g *gatewayState) recordLogin(raw string, err error, cancelled bool, before loginAttempt, now time.Time) (store token, _ error) {
	t := parseToken(raw, FromCloud)
	if err == nil && (g.tokens.isRejected(t) || t.raw == g.tokens.stored.raw) {
		err = errSame
	}
	g.logins.recordResult(err, cancelled, before, now)
	expired := raw != "" && t.validFor(g.tokens.serial) == nil
	if err == nil || expired && !g.tokens.usable(g.tokens.stored, now) {
		g.tokens.stored, g.logins.gateway.GotToken = t, err == nil
		store = t
	}
	return store, err
}

// status returns the status without the warnings about the store. The
// loggingIn argument is true during a login.
func (g *gatewayState) status(loggingIn bool, now time.Time) Status {
	st := Status{Serial: g.tokens.serial, AttemptsLeft: g.logins.account.left(now)}
	best, ok := g.tokens.best(now)
	if ok {
		st.State, st.Origin, st.Role, st.Expires = StateOK, best.origin, best.claims.Role, best.claims.Expires
		if g.canLogin {
			st.Renewal = later(best.renewal, g.retryAt)
		}
	}
	if at := g.logins.next(now); at.After(now) && g.canLogin {
		st.Login = at
	}
	if g.err != nil {
		st.Err = g.err
		if pause, ok := errors.AsType[*PausedError](g.err); ok && now.After(pause.Until) {
			st.Err = pause.Err // the pause is over, its cause is not
		}
		st.Reason = st.Err.Error()
		st.Problem = needsUser(g.err) || errors.Is(g.err, ErrRefused) && !g.canLogin
	}
	switch {
	case loggingIn:
		st.State = StateRenewing
	case ok, g.err == nil:
	case st.Problem:
		st.State = StateRefused
	default:
		st.State = StateRenewing
	}
	if configured := g.tokens.configured.claims; configured.Role == Installer && now.Before(configured.Expires) {
		st.Warnings = append(st.Warnings, installerWarning(configured.Expires))
	}
	if due := best.renewal; ok && !g.canLogin && !due.IsZero() && now.After(due) {
		st.Problem = true
		st.Warnings = append(st.Warnings, expiryWarning(best.claims.Expires))
	}
	return st
}
