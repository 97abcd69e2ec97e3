package enlighten

import (
	"cmp"
	"errors"
	"maps"
	"time"
)

// The files of a ledger. If one cannot be read or written, the ledger continues in
// memory and its status contains a warning.

// A gatewayRecord is what the store keeps of one gateway besides its token.
type gatewayRecord struct {
	loginLimiter
	Account string               // hash of the account that the logins were made with
	Why     string               // why the latest login returned no token; contains no secret
	Refused map[string]time.Time // when the gateway rejected a token, by token.hash
}

// warnings are the current warnings about files, one for each subject.
type warnings map[string]string

// set replaces the warning about subject by err; nil removes it.
func (w warnings) set(subject string, err error) {
	delete(w, subject)
	if err != nil {
		w[subject] = "token store: " + err.Error()
	}
}

// load reads the files of the gateway. It is called before each refresh, because
// another process may have made a login or stored a token.
func (l *ledger) load(serial string) {
	raw, err := l.store.token(serial)
	var rec gatewayRecord
	recErr := l.store.load(serial, &rec)
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warnings.set("stored token", err)
	if recErr != nil {
		l.warnings.set("bookkeeping", recErr)
	}
	l.mergeRecord(rec, recErr, now)
	if err := l.tokens.addStored(raw, now); err != nil {
		l.warnings["stored token"] = "the stored token is left aside: " + err.Error()
	}
}

// mergeRecord updates l from the record of the gateway, or from the error of
// reading it. The caller holds l.mu.
func (l *ledger) mergeRecord(rec gatewayRecord, err error, now time.Time) {
	if err == nil && !l.unsaved.record && !l.changed && rec.Account == l.account.hash() {
		l.logins.gateway, l.logins.lastReason = rec.loginLimiter, rec.Why
	}
	if err == nil && !l.loaded && rec.Refused != nil {
		l.tokens.rejected = rec.Refused
	}
	l.loaded = true
	if observed := l.logins.gateway.Last.observe(now); observed || err != nil {
		l.changed = true
	}
}

// saveRecord writes the record of the gateway.
func (l *ledger) saveRecord() error {
	l.saving.Lock()
	defer l.saving.Unlock()
	l.mu.Lock()
	serial := l.tokens.serial
	rec := gatewayRecord{
		loginLimiter: l.logins.gateway,
		Account:      l.account.hash(),
		Why:          l.logins.lastReason,
		Refused:      maps.Clone(l.tokens.rejected),
	}
	l.changed = false
	l.mu.Unlock()
	err := l.store.save(serial, rec)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unsaved.record = err != nil
	l.warnings.set("bookkeeping", err)
	return err
}

// unsaved are the files of which the last attempt to write them failed.
type unsaved struct {
	record     bool // of the gateway
	token      bool // the stored one
	rejections bool // the record of the account
}

// saveChanges writes what accept and reject have changed, and what could not be
// written before, and reports whether something is still not written. Errors become
// warnings.
func (l *ledger) saveChanges() (isUnsaved bool) {
	l.mu.Lock()
	failed, isChanged := l.unsaved, l.changed && l.loaded
	serial, t := l.tokens.serial, l.tokens.stored
	l.mu.Unlock()
	if failed.token {
		_ = l.saveToken(serial, t, true)
	}
	if failed.record || isChanged {
		_ = l.saveRecord()
	}
	if failed.rejections {
		unlock := l.store.accounts().lock()
		_ = l.saveRejections()
		unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unsaved != unsaved{}
}

// saveToken writes the token of the gateway with a serial number. If it could not be
// written before, it is written again unless another process has stored a newer one.
func (l *ledger) saveToken(serial string, t token, again bool) (err error) {
	l.saving.Lock()
	defer l.saving.Unlock()
	isOutdated := false
	if again {
		raw, _ := l.store.token(serial)
		other := parseToken(raw, Stored)
		isOutdated = other.validFor(serial) == nil && other.claims.Issued.After(t.claims.Issued)
	}
	if !isOutdated {
		err = l.store.saveToken(serial, t.raw)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tokens.serial == serial {
		l.unsaved.token = err != nil
	}
	l.warnings.set("token file", err)
	return err
}

// setToken stores a token of the user, and uses it.
func (l *ledger) setToken(serial string, t token) error {
	l.load(serial)
	if err := l.saveToken(serial, t, false); err != nil {
		return err
	}
	l.mu.Lock()
	l.tokens.stored, l.err = t, nil
	delete(l.tokens.rejected, t.hash())
	l.mu.Unlock()
	return l.saveRecord()
}

// pauseError returns a [PausedError] if a login would have to wait.
func (l *ledger) pauseError() error {
	defer l.store.accounts().lock()()
	l.loadRejections()

	l.mu.Lock()
	defer l.mu.Unlock()
	return l.logins.check(false, time.Now())
}

// recordAttempt records a login, also on disk, or returns why it must wait. If the
// user confirms the login, it ends a pause.
func (l *ledger) recordAttempt(confirmed bool) (loginAttempt, error) {
	defer l.store.accounts().lock()()
	l.loadRejections()

	l.mu.Lock()
	now := time.Now()
	if err := l.logins.check(confirmed, now); err != nil {
		l.mu.Unlock()
		return loginAttempt{}, err
	}
	before := l.logins.recordAttempt(now)
	l.mu.Unlock()

	saveErr := cmp.Or(l.saveRecord(), l.saveRejections())

	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.logins.checkUnrecorded(saveErr, now); err != nil {
		l.logins.undo(before)
		return loginAttempt{}, err
	}
	l.logins.attempted, l.loggingIn = true, true
	return before, nil
}

// recordLogin records the result of a login, also on disk: a token, an error, or
// both if the token has expired by our clock. It returns the error of the login.
func (l *ledger) recordLogin(raw string, err error, cancelled bool, before loginAttempt) error {
	defer l.store.accounts().lock()()
	l.loadRejections()

	l.mu.Lock()
	serial, now := l.tokens.serial, time.Now()
	t := parseToken(raw, FromCloud)
	if cancelled && err != nil && !errors.Is(err, ErrUnreachable) {
		err = errInterrupted // instead of the context's error
	}
	if err == nil && (l.tokens.isRejected(t) || t.raw == l.tokens.stored.raw) {
		err = errSame
	}
	l.logins.recordResult(err, cancelled, before, now)
	expired := raw != "" && t.validFor(serial) == nil
	isUsed := err == nil || expired && !l.tokens.usable(l.tokens.stored, now)
	if isUsed {
		l.tokens.stored, l.logins.gateway.GotToken = t, err == nil
	}
	l.mu.Unlock()

	if isUsed && t.raw != "" {
		_ = l.saveToken(serial, t, false) // errors become warnings
	}
	_ = l.saveRecord()
	_ = l.saveRejections()
	return err
}

// loadRejections reads the rejected logins of the account, which all of its
// gateways share. The caller holds the lock of store.accounts.
func (l *ledger) loadRejections() {
	var stored loginRejections
	err := l.store.accounts().load(l.account.file(), &stored)
	l.mu.Lock()
	if err != nil {
		l.warnings.set("account file", err)
	}
	if err != nil || l.unsaved.rejections {
		stored = l.logins.account
	}
	observed := stored.Count > 0 && stored.Last.observe(time.Now())
	l.logins.account = stored
	l.mu.Unlock()
	if observed {
		err := l.store.accounts().save(l.account.file(), stored)
		l.mu.Lock()
		l.warnings.set("account file", err)
		l.mu.Unlock()
	}
}

// saveRejections writes the rejected logins of the account, or removes the file
// if there are none. The caller holds the lock of store.accounts.
func (l *ledger) saveRejections() error {
	l.mu.Lock()
	r := l.logins.account
	l.mu.Unlock()
	var err error
	if r.Count == 0 {
		err = l.store.accounts().remove(l.account.file())
	} else {
		err = l.store.accounts().save(l.account.file(), r)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unsaved.rejections = err != nil
	l.warnings.set("account file", err)
	return err
}
