package enlighten

import (
	"errors"
	"time"
)

// maxRejections is the number of rejected logins, each within a day of the one
// before, after which an account is suspended: no login is made for 24 hours,
// whatever the password, unless the user requests one ([Source.RenewNow]).
const maxRejections = 3

// loginRejections counts the consecutive logins that the cloud rejected for an
// account, for all of its gateways and passwords. A login counts as rejected until
// its result is known.
type loginRejections struct {
	Count  int `json:"Row"`
	Last   clockSafeTime
	Reason string `json:"Why"` // key of rejectionErrors, empty if no response was received
}

// next returns when the account may be used again.
func (r *loginRejections) next(now time.Time) time.Time {
	if !r.suspended() {
		return time.Time{}
	}
	return r.Last.time(now).Add(day)
}

// suspended reports whether the account is not used for a day after Last. After
// that day a single login is made; if it is rejected, another day follows.
func (r *loginRejections) suspended() bool { return r.Count >= maxRejections }

// left returns how many logins may be rejected before the account is suspended.
func (r *loginRejections) left(now time.Time) int {
	if r.expired(now) {
		return maxRejections
	}
	return max(0, maxRejections-r.Count)
}

// expired reports whether the rejections are too old to count.
func (r *loginRejections) expired(now time.Time) bool {
	return !r.suspended() && now.Sub(r.Last.time(now)) >= day
}

// recordAttempt records a login at now as rejected.
func (r *loginRejections) recordAttempt(now time.Time) {
	if r.expired(now) {
		r.Count = 0
	}
	r.Count++
	r.Last = clockSafeTime{At: now}
}

// recordResult records the result of the latest login; before is r before that login.
func (r *loginRejections) recordResult(err error, before loginRejections) {
	if err == nil {
		*r = loginRejections{}
		return
	}
	if name := rejectionReason(err); name != "" {
		r.Reason = name
		return
	}
	if r.Count--; r.Count <= 0 {
		*r = loginRejections{}
		return
	}
	r.Last = before.Last
}

// suspendedErr returns why the account is not used. Its cause is nil if the cloud
// did not respond to the last login.
func (r *loginRejections) suspendedErr(now time.Time) *SuspendedError {
	return &SuspendedError{Last: r.Last.time(now), Err: rejectionErrors[r.Reason]}
}

// rejectionErrors are the reasons for a rejected login by their names on disk.
var rejectionErrors = map[string]error{"password": ErrPassword, "mfa": ErrMFA, "blocked": ErrBlocked, "form": ErrForm}

// rejectionReason returns the key of err in rejectionErrors, empty if it is no rejection.
func rejectionReason(err error) string {
	for name, e := range rejectionErrors {
		if errors.Is(err, e) {
			return name
		}
	}
	return ""
}
