package enlighten

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// How often a login may be made. No limit is published; accounts were locked for
// 15 minutes to a day by clients that logged in again and again
// (barneyonline/ha-enphase-energy#528).
const (
	shortest     = time.Minute      // between two logins, and before the first where it cannot be written down
	longest      = 6 * time.Hour    // between two logins; also how long a token must have lasted to clear the doubling
	atOnce       = 4                // replacements a day of tokens that had worked, without any wait
	strikes      = 3                // refused logins in a row that stop them for a day
	offlineFirst = 10 * time.Second // wait for the next try when no connection was made, doubling
	offlineLast  = 5 * time.Minute
)

// A stamp is a moment that outlives a restart, although the clock it was read
// from may have been ahead, or the present one may be behind until it is set. Which
// of the two, shows when the present clock gets there: step by step, or at once.
type stamp struct {
	At   time.Time
	Seen time.Time `json:",omitzero"` // on the clock that found At to lie ahead, first
	Met  time.Time `json:",omitzero"` // and last, give or take step
}

const step = 10 * time.Minute

// settle notes that s lies ahead of now, and reports whether that is news.
func (s *stamp) settle(now time.Time) bool {
	switch {
	case !s.At.After(now):
		return false
	case s.Seen.IsZero() || s.Seen.After(now):
		s.Seen, s.Met = now, now
	case now.Sub(s.Met).Abs() >= step:
		s.Met = now
	default:
		return false
	}
	return true
}

// time returns s on the present clock. What lies ahead counts from when that was
// seen, so that a pause is never longer than its rule says. It counts from At
// once the clock has been set, so that no pause is shorter either.
func (s stamp) time(now time.Time) time.Time {
	if ahead := s.At.After(now); !s.Seen.IsZero() && (ahead || s.At.Sub(s.Met) <= 2*step) {
		return s.Seen
	}
	return s.At
}

// A pace says when the next login for one gateway may be made. Its zero value
// is a gateway for which none was ever made.
type pace struct {
	Last   stamp       // the newest login
	Row    int         // logins since a token lasted
	Got    bool        // the newest login brought a token
	Worked bool        // and the gateway took it
	AtOnce []time.Time // replacements without a wait, of the last day
}

// next returns when the next login may be made, and whether that needs one of
// the day's replacements at once.
func (p *pace) next(now time.Time) (at time.Time, atonce bool) {
	if p.Row == 0 {
		return p.Last.At, false
	}
	at = p.Last.time(now).Add(longest)
	if p.Row < 10 { // beyond it the doubling has passed longest
		at = p.Last.time(now).Add(min(shortest<<(p.Row-1), longest))
	}
	recent := slices.DeleteFunc(slices.Clone(p.AtOnce), func(t time.Time) bool { return now.Sub(t) >= day })
	if at.After(now) && p.Worked && len(recent) < atOnce {
		return now, true
	}
	return at, false
}

// begin writes down a login that is made now.
func (p *pace) begin(now time.Time) {
	p.AtOnce = slices.DeleteFunc(slices.Clone(p.AtOnce), func(t time.Time) bool { return now.Sub(t) >= day })
	if _, replaced := p.next(now); replaced {
		p.AtOnce = append(p.AtOnce, now)
	} else {
		p.Row++
	}
	p.Last, p.Got, p.Worked = stamp{At: now}, false, false
}

// accept notes that the gateway took the newest login's token, and reports
// whether that changes anything.
func (p *pace) accept(now time.Time) bool {
	lasted := p.Row > 1 && now.Sub(p.Last.time(now)) >= longest
	if !p.Got || p.Worked && !lasted {
		return false
	}
	p.Worked = true
	if lasted {
		p.Row = 1
	}
	return true
}

// Refusals are the logins in a row that an account's password did not pass,
// whatever gateway they were for. A login counts until its answer is known.
type refusals struct {
	Row  int
	Last stamp
	Why  string // the newest refusal's kind, empty when no answer came at all
}

// next returns when the account may log in again.
func (r *refusals) next(now time.Time) time.Time {
	if r.Row < strikes {
		return time.Time{}
	}
	return r.Last.time(now).Add(day)
}

// begin writes down a login that is made now.
func (r *refusals) begin(now time.Time) {
	r.Row++
	r.Last = stamp{At: now}
}

// answered takes back what begin assumed when the answer is known and was no refusal.
func (r *refusals) answered(err error, before refusals) {
	if err == nil {
		*r = refusals{}
		return
	}
	if why := refusal(err); why != "" {
		r.Why = why
		return
	}
	if r.Row--; r.Row <= 0 {
		*r = refusals{}
		return
	}
	r.Last = before.Last
}

// The refusals by the name they have on disk.
var kinds = map[string]error{"password": ErrPassword, "mfa": ErrMFA, "blocked": ErrBlocked}

func refusal(err error) string {
	for name, e := range kinds {
		if errors.Is(err, e) {
			return name
		}
	}
	return ""
}

// cause says why the account is stopped.
func (r *refusals) cause() error {
	if e, ok := kinds[r.Why]; ok {
		return fmt.Errorf("%w: %w", errThreeRefused, e)
	}
	return errUnanswered
}
