package enlighten

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A State summarizes the status of a token.
type State string

// The states of a token.
const (
	StateNone     State = ""         // no token was requested yet
	StateOK       State = "ok"       // there is a usable token
	StateRenewing State = "renewing" // a login is in progress, or will be retried automatically
	StateRefused  State = "refused"  // there is no token, and the user must act
)

// A Status describes the token of a gateway. It contains no secret. Its JSON is that of
// check --json.
type Status struct {
	Serial       string    `json:"-"` // of the gateway, empty until a token is requested
	State        State     `json:"state"`
	Role         Role      `json:"role,omitempty"`            // of the token; empty if unknown
	Origin       Origin    `json:"origin,omitempty"`          // of the token; empty if there is none
	Expires      time.Time `json:"expires,omitzero"`          // of the token; zero if it never expires or if that is unknown
	Renewal      time.Time `json:"renewal,omitzero"`          // of the token; zero if it is not renewed
	Login        time.Time `json:"login_not_before,omitzero"` // zero if a login can be made at once
	Problem      bool      `json:"problem"`                   // the user must act, now or before the token expires
	Reason       string    `json:"reason,omitempty"`          // text of Err
	Err          error     `json:"-"`                         // why there is no newer token, nil if nothing is wrong
	AttemptsLeft int       `json:"-"`                         // logins that may be rejected before the account is suspended
	Warnings     []string  `json:"warnings,omitempty"`        // sorted
}

func (l *ledger) status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	st := Status{Serial: l.tokens.serial, AttemptsLeft: l.logins.account.left(now)}
	best, ok := l.tokens.best(now)
	if ok {
		st.State, st.Origin, st.Role, st.Expires = StateOK, best.origin, best.claims.Role, best.claims.Expires
		if l.canLogin {
			st.Renewal = later(best.renewal, l.retryAt)
		}
	}
	if at := l.logins.next(now); at.After(now) && l.canLogin {
		st.Login = at
	}
	if l.err != nil {
		st.Err = l.err
		if pause, ok := errors.AsType[*PausedError](l.err); ok && now.After(pause.Until) {
			st.Err = pause.Err // the pause is over, its cause is not
		}
		st.Reason = st.Err.Error()
		st.Problem = needsUser(l.err) || errors.Is(l.err, ErrRefused) && !l.canLogin
	}
	switch {
	case l.loggingIn:
		st.State = StateRenewing
	case ok, l.err == nil:
	case st.Problem:
		st.State = StateRefused
	default:
		st.State = StateRenewing
	}
	if configured := l.tokens.configured.claims; configured.Role == Installer && now.Before(configured.Expires) {
		st.Warnings = append(st.Warnings, installerWarning(configured.Expires))
	}
	if due := best.renewal; ok && !l.canLogin && !due.IsZero() && now.After(due) {
		st.Problem = true
		st.Warnings = append(st.Warnings, expiryWarning(best.claims.Expires))
	}
	st.Warnings = slices.AppendSeq(st.Warnings, maps.Values(l.warnings))
	slices.Sort(st.Warnings)
	return st
}

func (s Status) equal(t Status) bool {
	sameWarnings := slices.Equal(s.Warnings, t.Warnings)
	s.Warnings, t.Warnings = nil, nil
	return sameWarnings && fmt.Sprint(s) == fmt.Sprint(t)
}

func installerWarning(expires time.Time) string {
	return fmt.Sprintf("the configured token is an installer's, which is valid for 12 hours, until %s; set the account, or an owner's token", formatMinute(expires))
}

func expiryWarning(expires time.Time) string {
	return fmt.Sprintf("the token ends on %s and there is no account to renew it; set the account, or a new token", formatMinute(expires))
}
