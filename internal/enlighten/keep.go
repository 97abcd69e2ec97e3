package enlighten

import (
	"maps"
	"time"
)

// What a source reads and writes beside the token. An error here is a warning:
// the source goes on in memory.

// readRefusals returns the account's refusals: those on disk, where all the
// account's gateways count, unless they could not be written or read. The store
// is locked.
func (s *Source) readRefusals() refusals {
	var r refusals
	err := s.Store.load(s.accountFile(), &r)
	if err != nil {
		_ = s.note("account file", err)
	}
	s.mu.Lock()
	if err != nil || s.unsaved.refused {
		r = s.refused
	}
	s.mu.Unlock()
	if r.Row > 0 && r.Last.settle(time.Now()) {
		_ = s.note("account file", s.Store.save(s.accountFile(), r))
	}
	return r
}

// saveRefusals writes the account's refusals, or removes them when there are none.
func (s *Source) saveRefusals() error {
	s.mu.Lock()
	r := s.refused
	s.mu.Unlock()
	var err error
	if r.Row == 0 {
		err = s.Store.remove(s.accountFile())
	} else {
		err = s.Store.save(s.accountFile(), r)
	}
	s.mu.Lock()
	s.unsaved.refused = err != nil
	s.mu.Unlock()
	return s.note("account file", err)
}

// saveRecord writes the gateway's bookkeeping.
func (s *Source) saveRecord() error {
	s.disk.Lock()
	defer s.disk.Unlock()
	s.mu.Lock()
	serial, rec := s.serial, s.rec
	rec.Refused = maps.Clone(rec.Refused)
	s.dirty = false
	s.mu.Unlock()
	err := s.Store.save(serial, rec)
	s.mu.Lock()
	s.unsaved.rec = err != nil
	s.mu.Unlock()
	return s.note("bookkeeping", err)
}

// note keeps err as a warning about one thing, or drops that warning, and returns err.
func (s *Source) note(about string, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.warnings, about); err != nil {
		s.warnings[about] = "token store: " + err.Error()
	}
	return err
}

func (s *Source) accountFile() string { return "account-" + s.Account.mark() }
