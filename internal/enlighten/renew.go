package enlighten

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// fly finds a token and ends f. Everything slow is done here, never under the mutex.
func (s *Source) fly(ctx context.Context, f *flight) {
	s.reload(f.serial)
	err := s.find(ctx, f)

	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.err, s.retry = err, time.Time{}
	switch {
	case !s.Account.complete():
		s.retry = now.Add(time.Hour) // a person may have stored a token
	case err != nil:
		s.retry = later(s.nextLogin(now), now.Add(shortest))
	}
	if pause, ok := errors.AsType[*PausedError](err); ok {
		s.retry = later(s.retry, pause.Until)
	}
	if _, ok := s.pick(now); f.why == force || !ok && (f.why != need || !s.again(now)) {
		f.err = err
	}
	s.flight = nil
	close(f.done)
	s.tell()
}

// find looks for what f wants in memory, where the store's token is by now, and
// asks the cloud when it is not there.
func (s *Source) find(ctx context.Context, f *flight) error {
	s.mu.Lock()
	now := time.Now()
	h, ok := s.pick(now)
	old := h.renewal()
	var err error
	switch {
	case ok && (f.why == need || f.why == look || f.why == early && (old.IsZero() || now.Before(old))):
		s.mu.Unlock()
		return nil
	case !s.Account.complete() && ok && f.why == early: // a warning says so
		s.mu.Unlock()
		return nil
	case !s.Account.complete():
		err = s.lack(now)
	case now.Before(s.offline.until) && f.why != force:
		err = s.offline.err
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if f.why == look {
		return s.wouldWait()
	}
	before, err := s.begin(f)
	if err != nil {
		return err
	}
	raw, err := s.Cloud.obtain(ctx, s.Account, f.serial)
	return s.finish(ctx, raw, err, before)
}

// wouldWait says why a login, if one were needed, would not be made now.
func (s *Source) wouldWait() error {
	defer s.Store.lock()()
	shared := s.readRefusals()

	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.refused = shared
	if until := s.nextLogin(now); until.After(now) {
		return &PausedError{Until: until, Err: s.cause()}
	}
	return nil
}

// An attempt is what was known before a login, to be known again when none was made.
type attempt struct {
	pace    pace
	refused refusals
}

// begin writes a login down, on disk too, or says why it must wait.
func (s *Source) begin(f *flight) (attempt, error) {
	defer s.Store.lock()()
	shared := s.readRefusals()

	s.mu.Lock()
	now := time.Now()
	s.refused = shared
	until, _ := s.rec.next(now)
	until = later(until, s.refused.next(now))
	cause := s.cause()
	if f.why == force {
		until, cause = time.Time{}, errJustNow
		if s.rec.Row > 0 {
			until = s.rec.Last.time(now).Add(shortest)
		}
	}
	if until.After(now) {
		defer s.mu.Unlock()
		return attempt{}, &PausedError{Until: until, Err: cause}
	}
	before := attempt{s.rec.pace, s.refused}
	s.rec.begin(now)
	s.refused.begin(now)
	s.mu.Unlock()

	err := cmp.Or(s.saveRecord(), s.saveRefusals())

	s.mu.Lock()
	defer s.mu.Unlock()
	if wait := s.started.Add(shortest); err != nil && !s.tried && now.Before(wait) {
		s.rec.pace, s.refused = before.pace, before.refused
		return attempt{}, &PausedError{Until: wait, Err: fmt.Errorf("it cannot be written down: %w", err)}
	}
	s.tried, f.login = true, true
	s.tell()
	return before, nil
}

// finish writes down how the login went.
func (s *Source) finish(ctx context.Context, raw string, err error, before attempt) error {
	defer s.Store.lock()()
	shared := s.readRefusals()

	s.mu.Lock()
	h := hold(raw, FromCloud)
	if _, refused := s.rec.Refused[h.mark()]; err == nil && (refused || h.raw == s.kept.raw) {
		err = errSame
	}
	s.refused = shared
	if ctx.Err() == nil || errors.Is(err, ErrUnreachable) { // else the answer is not known, and it counts as refused
		s.refused.answered(err, before.refused)
	}
	if errors.Is(err, ErrUnreachable) {
		s.rec.pace = before.pace
		s.offline.wait = min(max(2*s.offline.wait, offlineFirst), offlineLast)
		s.offline.until, s.offline.err = time.Now().Add(s.offline.wait), err
	} else {
		s.offline.wait, s.offline.until, s.offline.err = 0, time.Time{}, nil
		s.failure, s.rec.Why = err, ""
	}
	if s.failure != nil {
		s.rec.Why = s.failure.Error()
	}
	keep := err == nil || raw != "" && usable(h, s.serial) == nil && !s.good(s.kept, time.Now()) // it has expired, and there is no better one
	if keep {
		s.kept, s.rec.Got = h, err == nil
	}
	serial := s.serial
	s.mu.Unlock()

	if keep {
		_ = s.note("token file", s.Store.saveToken(serial, h.raw))
	}
	_ = s.saveRecord()
	_ = s.saveRefusals()
	return err
}

// reload reads what the store knows of the gateway: at first, and before every
// login, because another process may have logged in or stored a token.
func (s *Source) reload(serial string) {
	raw, err := s.Store.token(serial)
	_ = s.note("stored token", err)
	var rec record
	damaged := s.Store.load(serial, &rec)
	if damaged != nil {
		_ = s.note("bookkeeping", damaged)
		rec = record{}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if damaged == nil && !s.unsaved.rec && !s.dirty && rec.Account == s.rec.Account {
		s.rec.pace, s.rec.Why = rec.pace, rec.Why
	}
	s.dirty = s.dirty || damaged != nil
	if !s.loaded && rec.Refused != nil {
		s.rec.Refused = maps.Clone(rec.Refused)
	}
	s.loaded = true
	if s.rec.Last.settle(now) {
		s.dirty = true
	}
	h := hold(raw, Stored)
	if h.raw == "" || h.raw == s.kept.raw {
		return
	}
	if err := usable(h, serial); err != nil {
		s.warnings["stored token"] = "the stored token is left aside: " + err.Error()
		return
	}
	if !s.good(s.kept, now) || !h.claims.Issued.Before(s.kept.claims.Issued) {
		s.kept = h
	}
}

// usable says why what is stored can never have been a token for the gateway. One
// that has expired was one.
func usable(h held, serial string) error {
	if _, err := Parse(h.raw); err != nil {
		return err
	}
	return h.claims.valid(serial, h.claims.Issued)
}
