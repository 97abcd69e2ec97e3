package enlighten

import (
	"slices"
	"time"
)

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
	Attempts      int           `json:"Row"`    // logins since a token was accepted for maxLoginInterval
	GotToken      bool          `json:"Got"`    // the latest login returned a token
	TokenAccepted bool          `json:"Worked"` // the gateway accepted that token
	Immediate     []time.Time   `json:"AtOnce"` // immediate replacements in the last 24 hours
}

// next returns when the next login may be made, and whether it counts as an
// immediate replacement.
func (l *loginLimiter) next(now time.Time) (at time.Time, immediate bool) {
	if l.Attempts == 0 {
		return l.Last.At, false
	}
	at = l.Last.time(now).Add(maxLoginInterval)
	if l.Attempts < maxDoubling { // later, the doubled interval exceeds maxLoginInterval
		at = l.Last.time(now).Add(min(minLoginInterval<<(l.Attempts-1), maxLoginInterval))
	}
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
	l.Last, l.GotToken, l.TokenAccepted = clockSafeTime{At: now}, false, false
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
