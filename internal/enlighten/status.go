package enlighten

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A State is what can be said of a token in a word.
type State string

// The states of a token.
const (
	StateNone     State = ""         // not asked for yet
	StateOK       State = "ok"       // in hand
	StateRenewing State = "renewing" // a login is under way, or will be tried again without help
	StateRefused  State = "refused"  // none, and none will come until a person acts
)

// An Origin is where a token came from.
type Origin string

// The origins of a token.
const (
	Configured Origin = "configured"
	Stored     Origin = "stored" // by an earlier run or by [Source.Adopt]
	FromCloud  Origin = "cloud"
)

// A Status is what a person may know of a token. It holds no secret.
type Status struct {
	Serial   string // of the gateway, empty until a token is asked for
	State    State
	Reason   string // what is not right, in words; empty when all is
	Err      error  // the same; nil when all is
	Problem  bool   // a person must act, now or before the token expires
	Origin   Origin // of the token in hand, as is what follows
	Role     Role
	Expires  time.Time // zero = never, or not known
	Renewal  time.Time // when it is renewed ahead of time; zero = not at all
	Login    time.Time // no login before; zero = at once when one is needed
	Warnings []string
}

// Status returns the present state.
func (s *Source) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setup()
	return s.status(time.Now())
}

func (s *Source) status(now time.Time) Status {
	st := Status{Serial: s.serial, Warnings: slices.Collect(maps.Values(s.warnings))}
	h, ok := s.pick(now)
	if ok {
		st.State, st.Origin, st.Role, st.Expires = StateOK, h.origin, h.claims.Role, h.claims.Expires
		if s.Account.complete() {
			st.Renewal = later(h.renewal(), s.retry)
		}
	}
	if at := s.nextLogin(now); at.After(now) && s.Account.complete() {
		st.Login = at
	}
	if s.err != nil {
		st.Reason, st.Err, st.Problem = s.err.Error(), s.err, s.forPerson(s.err)
	}
	switch {
	case s.flight != nil && s.flight.login:
		st.State = StateRenewing
	case ok, s.err == nil:
	case st.Problem:
		st.State = StateRefused
	default:
		st.State = StateRenewing
	}
	if s.conf.claims.Role == Installer {
		st.Warnings = append(st.Warnings, fmt.Sprintf("TOKEN is an installer's, which lives 12 hours: it ends on %s; set USERNAME and PASSWORD, or an owner's token", moment(s.conf.claims.Expires)))
	}
	if due := h.renewal(); ok && !s.Account.complete() && !due.IsZero() && now.After(due) {
		st.Problem = true
		st.Warnings = append(st.Warnings, fmt.Sprintf("the token ends on %s and there is no account to renew it: set USERNAME and PASSWORD, or a new TOKEN", moment(h.claims.Expires)))
	}
	slices.Sort(st.Warnings)
	return st
}

// forPerson reports whether err stays until a person does something.
func (s *Source) forPerson(err error) bool {
	return forPerson(err) || errors.Is(err, ErrRefused) && !s.Account.complete()
}

// nextLogin returns the earliest moment the rules of pace.go leave for a login.
func (s *Source) nextLogin(now time.Time) time.Time {
	at, _ := s.rec.next(now)
	return later(later(at, s.refused.next(now)), s.offline.until)
}

// tell has a source that was started look at what has changed and what is to
// do. The caller holds the lock.
func (s *Source) tell() {
	select {
	case s.wake <- struct{}{}:
	default: // not started, or woken already
	}
}

func equal(a, b Status) bool {
	same := slices.Equal(a.Warnings, b.Warnings)
	a.Warnings, b.Warnings = nil, nil
	return same && fmt.Sprint(a) == fmt.Sprint(b)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
