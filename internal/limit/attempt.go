package limit

import (
	"fmt"
	"time"
)

// An attempt is a write that is being prepared.
type attempt struct {
	target    Setting
	command   *Command  // nil if the state before is restored
	arrivedAt time.Time // of the command
	previous  *Lease    // before the command
	isRenewal bool      // only the lease becomes longer, without a write
	isSaved   bool
	isWriting bool
}

// isTooOld reports whether the command must not be carried out any more.
func (a *attempt) isTooOld(now time.Time) bool {
	return a.command != nil && now.Sub(a.arrivedAt) > MaxAge
}

// decide answers the command that waits, after the setting was read. If it accepts the
// command, it begins or changes the lease and prepares the write.
func (l *lever) decide(r Reading, now time.Time) {
	c, previous := l.pending, l.lease
	l.pending = nil
	status, text := c.answer(r, previous)
	l.report(Result{Status: status, Asked: c.String(), Text: text}, now)
	if status != Accepted {
		return
	}
	l.attempt = &attempt{target: c.Setting, command: &c.Command, arrivedAt: c.at, previous: previous}
	if previous == nil {
		previous = &Lease{Before: r.Setting}
	} else {
		l.attempt.isRenewal = l.verification.isApplied && previous.Ended == "" &&
			r.Same(c.Setting) && c.Setting.Same(previous.latest()) && l.isObeyed(c.Setting, now)
	}
	l.lease = previous.granted(c.Command, r.Firmware, now)
	if !l.attempt.isRenewal {
		l.lease.WroteAt = now
	}
}

// cancelAttempt gives up a command before its write.
func (l *lever) cancelAttempt(why string, now time.Time) {
	a, ended := l.attempt, l.lease.Ended
	l.report(Result{Status: Refused, Asked: a.command.String(), Text: why}, now)
	l.attempt, l.lease, l.isDirty = nil, a.previous, true
	if ended != "" && l.lease != nil {
		l.end(ended, now)
	}
}

// onSaved continues after the journal was stored with this lease, or could not be.
func (l *lever) onSaved(saved *Lease, err error, now time.Time) {
	if l.accepted != nil && err == nil && saved != nil && saved.Ended != "" {
		l.report(*l.accepted, now)
		l.accepted = nil
	}
	switch a := l.attempt; {
	case a == nil:
	case a.command == nil:
		a.isSaved = true // restoring does not depend on the journal
	case err != nil:
		l.cancelAttempt(fmt.Sprintf("the journal cannot be stored: %v", err), now)
	case l.lease.Ended != "": // meanwhile
		l.attempt = nil
	case a.isRenewal:
		l.attempt = nil
		l.report(Result{Status: Applied, Asked: a.command.String(), Text: fmt.Sprintf("the gateway has it already: %v", a.target)}, now)
	default:
		a.isSaved = true
	}
}

// onWritten continues after the write of the attempt.
func (l *lever) onWritten(err error, now time.Time) {
	a := l.attempt
	switch {
	case a.command == nil && err != nil:
		l.attempt = nil
		l.restoreFailed(err, now)
	case a.command == nil:
		l.attempt = nil
		l.readAfter = l.restoration.wrote(now)
	case err != nil && wasNotWritten(err):
		l.cancelAttempt(err.Error(), now)
	default:
		l.attempt = nil
		l.verification = l.verification.afterWrite(err == nil, l.power, now)
		if err != nil {
			l.report(Result{Status: Failed, Asked: a.command.String(), Text: fmt.Sprintf("no answer to the write: %v", err)}, now)
		}
	}
	if l.lease != nil && isFirmwareChange(err) {
		l.close(HandedOver, fmt.Sprintf("%v: the setting stays", err), now)
	}
}
