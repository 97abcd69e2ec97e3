package enlighten

import (
	"errors"
	"fmt"
	"time"
)

// A record is what the store keeps of one gateway beside its token.
type record struct {
	pace
	Account string               // mark of the account and password that pace is about
	Why     string               // the newest login brought no token; holds no secret
	Refused map[string]time.Time // marks of tokens that the gateway refused
}

// pick returns the newest token of those that are worth a try. One that is no
// JWT has no date and so comes last.
func (s *Source) pick(now time.Time) (best held, ok bool) {
	return s.newest(func(held) time.Time { return now })
}

// newest returns the newest of the tokens that are worth a try at the time that
// at returns for them.
func (s *Source) newest(at func(held) time.Time) (best held, ok bool) {
	for _, h := range []held{s.conf, s.kept} {
		if !s.good(h, at(h)) {
			continue
		}
		if !ok || !h.claims.Issued.Before(best.claims.Issued) {
			best, ok = h, true
		}
	}
	return best, ok
}

// lastResort returns the newest token for the gateway with that serial that has
// expired by our clock, unless the gateway has refused it: our clock may be wrong.
func (s *Source) lastResort(serial string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.newest(func(h held) time.Time { return h.claims.Issued })
	return h.raw, ok && s.serial == serial
}

// good reports whether h is worth a try.
func (s *Source) good(h held, now time.Time) bool {
	_, refused := s.rec.Refused[h.mark()]
	return h.raw != "" && !refused && h.claims.valid(s.serial, now) == nil
}

// again has a token tried once more that was refused an hour ago or longer, and
// reports whether there is one. Nothing better is at hand, it costs the account
// nothing, and gateways have refused good tokens while their clock was wrong.
func (s *Source) again(now time.Time) bool {
	found := false
	for _, h := range []held{s.conf, s.kept} {
		at, refused := s.rec.Refused[h.mark()]
		if age := now.Sub(at).Abs(); !refused || age < time.Hour || h.claims.valid(s.serial, now) != nil {
			continue
		}
		delete(s.rec.Refused, h.mark())
		found, s.dirty = true, true
	}
	return found
}

// refuse notes that the gateway refused h, and forgets the oldest of many.
func (r *record) refuse(h held, now time.Time) {
	if r.Refused == nil {
		r.Refused = map[string]time.Time{}
	}
	r.Refused[h.mark()] = now
	for len(r.Refused) > 8 {
		oldest := h.mark()
		for m, at := range r.Refused {
			if at.Before(r.Refused[oldest]) {
				oldest = m
			}
		}
		delete(r.Refused, oldest)
	}
}

// lack says why there is no token where nobody can log in.
func (s *Source) lack(now time.Time) error {
	const todo = "set a new TOKEN, or USERNAME and PASSWORD of the Enphase account"
	h := s.conf
	if h.raw == "" || s.kept.claims.Issued.After(h.claims.Issued) {
		h = s.kept
	}
	if h.raw == "" {
		return ErrNoToken
	}
	if err := h.claims.valid(s.serial, now); err != nil {
		return fmt.Errorf("%s: %w", todo, err)
	}
	return fmt.Errorf("%s: %w", todo, ErrRefused)
}

// cause says why a login is not made now.
func (s *Source) cause() error {
	switch {
	case s.refused.Row >= strikes:
		return s.refused.cause()
	case s.failure != nil:
		return s.failure
	case s.rec.Why != "":
		return errors.New(s.rec.Why) // of an earlier run
	}
	return ErrRefused
}
