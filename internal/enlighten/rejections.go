package enlighten

import (
	"errors"
	"fmt"
	"time"
)

// maxRejections is the number of consecutive rejected logins after which the
// account is not used for 24 hours.
const maxRejections = 3

// loginRejections counts the consecutive logins that the cloud rejected for an
// account, for all of its gateways. A login counts as rejected until its result
// is known.
type loginRejections struct {
	Count  int `json:"Row"`
	Last   clockSafeTime
	Reason string `json:"Why"` // key of rejectionErrors, empty if no response was received
}

// next returns when the account may be used again.
func (r *loginRejections) next(now time.Time) time.Time {
	if r.Count < maxRejections {
		return time.Time{}
	}
	return r.Last.time(now).Add(day)
}

// recordAttempt records a login at now as rejected.
func (r *loginRejections) recordAttempt(now time.Time) {
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

// pauseErr returns why the account is not used.
func (r *loginRejections) pauseErr() error {
	if err, ok := rejectionErrors[r.Reason]; ok {
		return fmt.Errorf("%w: %w", errThreeRefused, err)
	}
	return errUnanswered
}

// rejectionErrors are the reasons for a rejected login by their names on disk.
var rejectionErrors = map[string]error{"password": ErrPassword, "mfa": ErrMFA, "blocked": ErrBlocked}

// rejectionReason returns the key of err in rejectionErrors, empty if it is no rejection.
func rejectionReason(err error) string {
	for name, e := range rejectionErrors {
		if errors.Is(err, e) {
			return name
		}
	}
	return ""
}
