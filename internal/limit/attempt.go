package limit

import (
	"fmt"
	"time"
)

// collectTime is how long no command may arrive before the latest is carried out,
// and maxCollectTime how long the first one waits.
const collectTime, maxCollectTime = time.Second, 5 * time.Second

// A pending command waits for others that replace it, and for the pace.
type pending struct {
	Command
	first, at time.Time // of the first of several commands, and of this one
	failure   error     // of the latest reading
}

// isDue reports whether the command need not wait for others.
func (p *pending) isDue(now time.Time) bool {
	return now.Sub(p.at) >= collectTime || now.Sub(p.first) >= maxCollectTime
}

// obstacle returns why the command was not carried out yet.
func (p *pending) obstacle() string {
	if p.failure != nil {
		return p.failure.Error()
	}
	return "the pace of writes"
}

// wanted returns the setting that a command changes which leaves a part as it is. It
// is not the latest reading, which may be old.
func wanted(p *pending, lease *Lease) Setting {
	switch {
	case p != nil:
		return p.Setting
	case lease != nil && lease.Ended == "":
		return lease.latest()
	}
	return Setting{}
}

// complete returns the command with what it leaves as it is, or why it cannot be
// carried out.
func (c Command) complete(now Setting) (complete Command, why string) {
	if c.KeepTarget && now.Active {
		c.Setting.Export = now.Export
	}
	if c.KeepWatts {
		if !now.Active && !c.Setting.Export {
			return c, `the power is missing, send for example {"production": 2000}`
		}
		c.Setting.Watts = now.Watts
	}
	return c, ""
}

// answer decides about a command after its lever was read: it is accepted, it is
// refused, or it is applied without a write. lease is nil without one.
func (c Command) answer(r Reading, lease *Lease) (s Status, text string) {
	before := r.Setting
	if lease != nil {
		before = lease.Before
	}
	switch {
	case lease == nil && r.Dynamic:
		return Refused, "another program moves the limit of the gateway all the time"
	case c.Setting.loosens(before):
		return Refused, fmt.Sprintf("somebody else has set: %v. A command can only limit more", before)
	case lease == nil && r.Same(c.Setting):
		return Applied, fmt.Sprintf("the gateway had already: %v", r.Setting)
	}
	return Accepted, "before: " + c.Lever.words(before)
}

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
		l.attempt.isRenewal = previous.Ended == "" && c.Setting.Same(previous.latest()) && (previous.isLatest(r.Setting) || l.verification.isAwaited(now))
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
		if l.attempt = nil; l.verification.isApplied { // else that is still to be reported
			l.report(Result{Status: Applied, Asked: a.command.String(), Text: fmt.Sprintf("the gateway has it already: %v", l.last)}, now)
		}
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
