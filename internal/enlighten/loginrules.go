package enlighten

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// loginRules decide when a login may be made and why it must wait.
type loginRules struct {
	started    time.Time // start of the process
	attempted  bool      // a login was made by this process
	gateway    loginLimiter
	account    loginRejections
	offline    offlineDelay
	lastErr    error  // of the latest login of this process; nil if it returned a token
	lastReason string // why the latest login returned no token, also of an earlier process; contains no secret
}

// resetGateway forgets the logins for the gateway. Those of the account remain.
func (l *loginRules) resetGateway() {
	l.gateway, l.lastErr, l.lastReason = loginLimiter{}, nil, ""
}

// next returns when the next login may be made. A past time means now.
func (l *loginRules) next(now time.Time) time.Time {
	at, _ := l.gateway.next(now)
	return later(later(at, l.account.next(now)), l.offline.until)
}

// check returns a [PausedError] if a login must wait. A login that the user
// confirms only has to wait for minLoginInterval after the previous one.
func (l *loginRules) check(confirmed bool, now time.Time) error {
	until, cause := l.next(now), l.pauseErr(now)
	if confirmed {
		until, cause = time.Time{}, errJustNow
		if l.gateway.Attempts > 0 {
			until = l.gateway.Last.time(now).Add(minLoginInterval)
		}
		if l.account.suspended() { // also after the password was changed
			until = later(until, l.account.Last.time(now).Add(minLoginInterval))
		}
	}
	if !until.After(now) {
		return nil
	}
	return &PausedError{Until: until, Err: cause}
}

// checkUnrecorded returns a [PausedError] if a login must wait because of saveErr,
// the error of recording it on disk. Only the first login of a process waits.
func (l *loginRules) checkUnrecorded(saveErr error, now time.Time) error {
	until := l.started.Add(minLoginInterval)
	if saveErr == nil || l.attempted || !now.Before(until) {
		return nil
	}
	return &PausedError{Until: until, Err: fmt.Errorf("the login cannot be recorded: %w", saveErr)}
}

// pauseErr returns why a login has to wait.
func (l *loginRules) pauseErr(now time.Time) error {
	switch {
	case l.account.suspended():
		return l.account.suspendedErr(now)
	case l.lastErr != nil:
		return l.lastErr
	case l.lastReason == ErrNotInstaller.Error():
		return ErrNotInstaller // of an earlier process
	case l.lastReason != "":
		return errors.New(l.lastReason)
	}
	return ErrRefused
}

// A loginAttempt contains the rules' records from before a login, which are
// restored if no login was made.
type loginAttempt struct {
	gateway loginLimiter
	account loginRejections
}

func (l *loginRules) recordAttempt(now time.Time) loginAttempt {
	before := loginAttempt{l.gateway, l.account}
	l.gateway.recordAttempt(now)
	l.account.recordAttempt(now)
	return before
}

// undo removes the attempt that returned before.
func (l *loginRules) undo(before loginAttempt) {
	l.gateway, l.account = before.gateway, before.account
}

// recordResult records the result of a login. A login whose result is unknown,
// because it was cancelled, counts as rejected by the account.
func (l *loginRules) recordResult(err error, cancelled bool, before loginAttempt, now time.Time) {
	unreachable := errors.Is(err, ErrUnreachable)
	if !cancelled || unreachable {
		l.account.recordResult(err, before.account)
	}
	if unreachable {
		l.gateway = before.gateway
		l.offline.extend(err, now)
	} else {
		l.offline = offlineDelay{}
		l.lastErr, l.lastReason = err, ""
	}
	if e, ok := errors.AsType[*statusError](err); ok {
		l.gateway.Pause = e.RetryAfter
	}
	if errors.Is(err, ErrNotInstaller) {
		l.gateway.Attempts = maxDoubling // the role does not change within minutes
	}
	if l.lastErr != nil {
		l.lastReason = l.lastErr.Error()
	}
}

const (
	minOfflineDelay = 10 * time.Second
	maxOfflineDelay = 5 * time.Minute
)

// offlineDelay is the delay before the next login after a failed connection to
// the cloud. It doubles with each failure.
type offlineDelay struct {
	err   error // of the latest connection, nil if it succeeded
	delay time.Duration
	until time.Time
}

func (d *offlineDelay) extend(err error, now time.Time) {
	d.delay = min(max(2*d.delay, minOfflineDelay), maxOfflineDelay)
	d.until, d.err = now.Add(d.delay), err
}

// How often a login may be made. Enphase publishes no limit; accounts were locked
// for 15 minutes to a day by clients that logged in repeatedly
// (barneyonline/ha-enphase-energy#528).
const (
	minLoginInterval = time.Minute   // also the delay before the first login if it cannot be recorded
	maxLoginInterval = 6 * time.Hour // also how long a token must be accepted to reset the doubling
	maxDoubling      = 10            // attempts after which the interval is maxLoginInterval
	maxImmediate     = 4             // immediate replacements of accepted tokens in 24 hours
)

// A loginLimiter decides when the next login for one gateway may be made. The
// interval doubles with each login from minLoginInterval to maxLoginInterval. The
// zero value allows a login at once.
type loginLimiter struct {
	Last          clockSafeTime // latest login
	Attempts      int           `json:"Row"`        // logins since a token was accepted for maxLoginInterval
	Pause         time.Duration `json:",omitempty"` // after Last, at least, as the cloud asks for
	GotToken      bool          `json:"Got"`        // the latest login returned a token
	TokenAccepted bool          `json:"Worked"`     // the gateway accepted that token
	Immediate     []time.Time   `json:"AtOnce"`     // immediate replacements in the last 24 hours
}

// next returns when the next login may be made, and whether it counts as an
// immediate replacement.
func (l *loginLimiter) next(now time.Time) (at time.Time, immediate bool) {
	if l.Attempts == 0 {
		return l.Last.At, false
	}
	doubled := minLoginInterval << min(l.Attempts-1, maxDoubling)
	at = l.Last.time(now).Add(min(max(doubled, l.Pause), maxLoginInterval))
	if at.After(now) && l.TokenAccepted && len(l.recentImmediate(now)) < maxImmediate {
		return now, true
	}
	return at, false
}

// recentImmediate returns the immediate replacements of the last 24 hours.
func (l *loginLimiter) recentImmediate(now time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(l.Immediate), func(t time.Time) bool { return now.Sub(t) >= day })
}

func (l *loginLimiter) recordAttempt(now time.Time) {
	l.Immediate = l.recentImmediate(now)
	if _, immediate := l.next(now); immediate {
		l.Immediate = append(l.Immediate, now)
	} else {
		l.Attempts++
	}
	l.Last, l.Pause = clockSafeTime{At: now}, 0
	l.GotToken, l.TokenAccepted = false, false
}

// accept records that the gateway accepted the token of the latest login, and
// reports whether l has changed.
func (l *loginLimiter) accept(now time.Time) bool {
	lasted := l.Attempts > 1 && now.Sub(l.Last.time(now)) >= maxLoginInterval
	if !l.GotToken || l.TokenAccepted && !lasted {
		return false
	}
	l.TokenAccepted = true
	if lasted {
		l.Attempts = 1
	}
	return true
}
