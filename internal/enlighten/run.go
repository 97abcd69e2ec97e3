package enlighten

import (
	"context"
	"time"
)

// Start renews tokens ahead of time until [Source.Close]. It is called once.
func (s *Source) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setup()
	ctx, cancel := context.WithCancel(s.life)
	done := make(chan struct{})
	s.wake = make(chan struct{}, 1)
	s.stop = func() { cancel(); <-done }
	go func() {
		defer close(done)
		s.run(ctx)
	}()
}

// run calls tend at once, when the time that it returned last has passed, and
// when it is woken, until ctx ends.
func (s *Source) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		if ctx.Err() != nil {
			return
		}
		timer.Reset(s.tend())
	}
}

// tend tells what has changed and does what is due. It returns for how long there
// is nothing to do.
func (s *Source) tend() time.Duration {
	s.flush()
	if now := s.Status(); s.Changed != nil && !equal(now, s.told) {
		s.Changed(now)
		s.told = now
	}
	return s.renewIfDue()
}

// renewIfDue starts a renewal when its time has come, and returns for how long
// there is nothing to do: an hour at most, because the clock may be set.
func (s *Source) renewIfDue() time.Duration {
	s.mu.Lock()
	now := time.Now()
	h, ok := s.pick(now)
	due := later(h.renewal(), s.retry)
	serial, busy := s.serial, s.flight != nil
	s.mu.Unlock()
	if !ok || busy || h.renewal().IsZero() {
		return time.Hour
	}
	if wait := due.Sub(now); wait > 0 {
		return min(wait, time.Hour)
	}
	_, _, _ = s.seek(serial, early) // the flight says how it went by Status
	return time.Hour
}

// Close cancels a login that is under way and waits for its end. Then the
// source hands out the token it has, but obtains none.
func (s *Source) Close() {
	s.mu.Lock()
	s.setup()
	stop := s.stop
	s.mu.Unlock()
	if stop != nil {
		stop() // first: a login that is cancelled here is not reported
	}
	s.mu.Lock()
	s.end() // under the lock: seek starts no flight after it
	s.mu.Unlock()
	s.runs.Wait()
	s.flush()
}

// flush writes what Accept and Reject have changed.
func (s *Source) flush() {
	s.mu.Lock()
	dirty := s.dirty && s.loaded
	s.mu.Unlock()
	if dirty {
		_ = s.saveRecord() // noted as a warning
	}
}

// RenewNow obtains a new token because a person says so: also in a pause, but a
// minute after the last login at the earliest.
func (s *Source) RenewNow(ctx context.Context, serial string) error {
	for {
		_, f, err := s.seek(serial, force)
		if f == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.done:
		}
		if f.why == force && f.serial == serial {
			return f.err
		}
	}
}

// Peek reads what the store knows of the gateway with that serial, for
// [Source.Status] to tell. The cloud is not asked.
func (s *Source) Peek(serial string) {
	if _, f, _ := s.seek(serial, look); f != nil {
		<-f.done
	}
}

// Adopt stores a token that a person has brought. It must be a token for the
// gateway with that serial and not expired. Whether the gateway takes it is for
// the caller to try first.
func (s *Source) Adopt(serial, token string) error {
	h := hold(token, Stored)
	if _, err := Parse(h.raw); err != nil {
		return err
	}
	if !validSerial(serial) {
		return badSerial(serial)
	}
	if err := h.claims.valid(serial, time.Now()); err != nil {
		return err
	}
	s.mu.Lock()
	for s.setup(); s.flight != nil; s.mu.Lock() {
		f := s.flight
		s.mu.Unlock()
		<-f.done
	}
	s.turnTo(serial)
	s.mu.Unlock()
	s.reload(serial)
	if err := s.note("token file", s.Store.saveToken(serial, h.raw)); err != nil {
		return err
	}
	s.mu.Lock()
	s.kept, s.err = h, nil
	delete(s.rec.Refused, h.mark())
	s.tell()
	s.mu.Unlock()
	return s.saveRecord()
}
