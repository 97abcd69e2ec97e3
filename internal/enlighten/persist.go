package enlighten

import (
	"maps"
	"time"
)

// The records that a Source keeps in its Store. If a file cannot be read or
// written, the Source continues in memory and reports a warning.

// A gatewayRecord is what the store keeps of one gateway besides its token.
type gatewayRecord struct {
	loginLimiter
	Account string               // hash of the account that the logins were made with
	Why     string               // why the latest login returned no token; contains no secret
	Refused map[string]time.Time // when the gateway rejected a token, by token.hash
}

// record returns what is to be saved.
func (g *gatewayState) record() gatewayRecord {
	return gatewayRecord{
		loginLimiter: g.logins.gateway,
		Account:      g.account,
		Why:          g.logins.lastReason,
		Refused:      maps.Clone(g.tokens.rejected),
	}
}

// merge updates g from the store: rec with the error of reading it, and the
// stored token. It returns an error if that is no token for the gateway.
func (g *gatewayState) merge(rec gatewayRecord, recErr error, raw string, now time.Time) error {
	if recErr == nil && !g.unsaved && !g.changed && rec.Account == g.account {
		g.logins.gateway, g.logins.lastReason = rec.loginLimiter, rec.Why
	}
	if recErr == nil && !g.loaded && rec.Refused != nil {
		g.tokens.rejected = rec.Refused
	}
	g.loaded = true
	if observed := g.logins.gateway.Last.observe(now); observed || recErr != nil {
		g.changed = true
	}
	t := parseToken(raw, Stored)
	if t.raw == "" || t.raw == g.tokens.stored.raw {
		return nil
	}
	if err := t.validFor(g.tokens.serial); err != nil {
		return err
	}
	delete(g.tokens.rejected, t.hash()) // another process has stored it, after a test at the gateway
	g.tokens.add(t, now)
	return nil
}

// loadRecord reads the files of the gateway. It is called before each refresh,
// because another process may have made a login or stored a token.
func (s *Source) loadRecord(serial string) {
	raw, err := s.Store.token(serial)
	_ = s.warnings.setError("stored token", err)
	var rec gatewayRecord
	recErr := s.Store.load(serial, &rec)
	if recErr != nil {
		_ = s.warnings.setError("bookkeeping", recErr)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.state.merge(rec, recErr, raw, time.Now()); err != nil {
		s.warnings.set("stored token", "the stored token is left aside: "+err.Error())
	}
}

// saveRecord writes the record of the gateway.
func (s *Source) saveRecord() error {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.Lock()
	serial, rec := s.state.tokens.serial, s.state.record()
	s.state.changed = false
	s.mu.Unlock()
	err := s.Store.save(serial, rec)
	s.mu.Lock()
	s.state.unsaved = err != nil
	s.mu.Unlock()
	return s.warnings.setError("bookkeeping", err)
}

// saveChanges writes what Accept and Reject have changed.
func (s *Source) saveChanges() {
	s.mu.Lock()
	changed := s.state.changed && s.state.loaded
	s.mu.Unlock()
	if changed {
		_ = s.saveRecord() // an error becomes a warning
	}
}

// loadRejections reads the rejected logins of the account, which all of its
// gateways share. The caller holds the lock of Store.accounts.
func (s *Source) loadRejections() {
	var stored loginRejections
	err := s.Store.accounts().load(s.Account.file(), &stored)
	if err != nil {
		_ = s.warnings.setError("account file", err)
	}
	s.mu.Lock()
	if err != nil || s.rejectionsUnsaved {
		stored = s.state.logins.account
	}
	observed := stored.Count > 0 && stored.Last.observe(time.Now())
	s.state.logins.account = stored
	s.mu.Unlock()
	if observed {
		_ = s.warnings.setError("account file", s.Store.accounts().save(s.Account.file(), stored))
	}
}

// saveRejections writes the rejected logins of the account, or removes the file
// if there are none. The caller holds the lock of Store.accounts.
func (s *Source) saveRejections() error {
	s.mu.Lock()
	r := s.state.logins.account
	s.mu.Unlock()
	var err error
	if r.Count == 0 {
		err = s.Store.accounts().remove(s.Account.file())
	} else {
		err = s.Store.accounts().save(s.Account.file(), r)
	}
	s.mu.Lock()
	s.rejectionsUnsaved = err != nil
	s.mu.Unlock()
	return s.warnings.setError("account file", err)
}
