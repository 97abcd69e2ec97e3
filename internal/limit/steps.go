package limit

import (
	"errors"
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

const (
	readBackDelay = 2 * time.Second  // of the first reading after a write
	readBackPause = 15 * time.Second // between further ones
	readRetry     = 5 * time.Second  // of a reading for a command
	maxRetry      = 10 * time.Minute // of an attempt to restore
	refusalRetry  = time.Hour        // likewise, while the gateway refuses it
	// settleTime is how long after a write without an answer the gateway may still
	// carry it out.
	settleTime = 2 * time.Minute
	// lateTime is how long a stop waits for such a write.
	lateTime = 8 * time.Second
	// measuredFor is how long a measurement counts.
	measuredFor = time.Minute
)

// A Reading is a setting that was read.
type Reading struct {
	Setting
	Dynamic  bool   // another program moves the limit all the time
	Firmware string // of the gateway, empty if unknown
}

// onRead continues after a reading, or its failure.
func (l *lever) onRead(r Reading, err error, now time.Time) {
	if err != nil {
		l.readFailed(err, now)
		return
	}
	l.compare(r, now)
	switch {
	case l.pending != nil && l.pending.isDue(now) && !now.Before(l.notBefore):
		l.decide(r, now)
	case l.lease != nil && l.lease.Ended != "" && !l.lease.HandedOver:
		l.restore(now)
	}
}

// compare compares what was read with the lease. It may close the lease.
func (l *lever) compare(r Reading, now time.Time) {
	l.last, l.seenAt = r.Setting, now
	lease := l.lease
	if lease == nil {
		return
	}
	isBefore, isOurs := r.Same(lease.Before), lease.isOurs(r.Setting)
	if r.Same(lease.latest()) {
		l.unseenUntil = time.Time{}
	}
	switch {
	case r.Firmware != "" && lease.Firmware != "" && r.Firmware != lease.Firmware && !isBefore:
		l.giveUp(fmt.Sprintf("the firmware has changed from %s to %s: %s stays", lease.Firmware, r.Firmware, l.words(r.Setting)), now)
	case !isBefore && !isOurs && lease.HandedOver && lease.Ended == askedFor:
		l.giveUp(fmt.Sprintf("the setting stays as somebody else has made it: %v", r.Setting), now)
	case !isBefore && !isOurs:
		l.handOver(fmt.Sprintf("somebody else has changed the setting: %s stays", l.words(r.Setting)), now)
	case lease.HandedOver && isBefore:
		l.close(Result{Status: Restored, Text: fmt.Sprintf("not by envoy-mqtt, the gateway has: %s", l.words(lease.Before))}, now)
	case lease.HandedOver:
		l.takeBack(now)
	case lease.Ended != "": // see restore
	case r.Same(lease.latest()):
		l.onApplied(r.Setting, now)
	case isBefore && l.isSettled(now):
		why := "the gateway has not kept the setting"
		if !l.isApplied {
			why = "the gateway has not taken the setting"
		}
		l.close(Result{Status: Restored, Text: fmt.Sprintf("%s, it has: %s", why, l.words(lease.Before))}, now)
	default:
		l.readBackAt = now.Add(readBackPause)
	}
}

// onApplied is called when the latest setting of the lease was read.
func (l *lever) onApplied(s Setting, now time.Time) {
	l.readBackAt = time.Time{}
	if l.isApplied {
		return
	}
	l.isApplied = true
	l.report(Result{Status: Applied, Lever: l.lever.String(), Asked: l.lease.latest().String(), Text: fmt.Sprintf("the gateway has: %v", s)}, now)
	if now.Sub(l.wroteAt) < effectTimeout {
		l.effect = &effect{setting: s, before: l.powerBefore}
	}
}

// restore continues the end of a lease, after its setting was read.
func (l *lever) restore(now time.Time) {
	lease := l.lease
	switch {
	case !l.last.Same(lease.Before) && now.Before(l.notBefore):
		l.nextTry = l.notBefore
	case !l.last.Same(lease.Before) && now.Before(l.rewriteAt): // the gateway may need time
		l.nextTry = now.Add(min(readBackPause, l.rewriteAt.Sub(now)))
	case !l.last.Same(lease.Before):
		l.attempt = &attempt{target: lease.Before}
	case !l.isSettled(now):
		l.nextTry = now.Add(readBackPause)
		if l.isStopping { // a write that the stop has interrupted mostly arrives
			l.nextTry, l.mustWait = now.Add(readBackDelay), now.Sub(l.wroteAt) >= lateTime
		}
	case lease.Ended == expired:
		l.close(Result{Status: Expired, Text: fmt.Sprintf("restored: %s", l.words(lease.Before))}, now)
	default:
		l.close(Result{Status: Restored, Text: fmt.Sprintf("%s, restored: %s", lease.Ended, l.words(lease.Before))}, now)
	}
}

// isSettled reports whether no earlier write can change the setting any more. That
// of the state before may: it is what is wanted.
func (l *lever) isSettled(now time.Time) bool {
	return !now.Before(l.unseenUntil) && !now.Before(l.uncertainUntil)
}

// close ends a lease. The journal loses it.
func (l *lever) close(r Result, now time.Time) {
	r.Lever, r.Asked = l.lever.String(), l.lease.latest().String()
	l.report(r, now)
	l.lease, l.effect, l.accepted, l.confirmation, l.retries = nil, nil, nil, confirmation{}, retries{}
	l.isDirty = true
}

// giveUp gives up a lease. The setting stays.
func (l *lever) giveUp(why string, now time.Time) {
	l.close(Result{Status: HandedOver, Text: why}, now)
	l.refusePending(now, why)
}

// handOver leaves the setting to somebody else while it is neither that of the lease
// nor that before.
func (l *lever) handOver(why string, now time.Time) {
	if !l.lease.HandedOver {
		l.report(Result{Status: HandedOver, Lever: l.lever.String(), Text: why}, now)
		l.setHandedOver(true)
	}
	l.refusePending(now, why)
}

// takeBack continues a lease whose setting the gateway has again.
func (l *lever) takeBack(now time.Time) {
	l.setHandedOver(false)
	l.nextTry = now
	if l.lease.Ended == "" {
		l.isApplied = false // to be reported again
		l.readBackAt = now
	}
}

func (l *lever) setHandedOver(is bool) {
	next := *l.lease
	next.HandedOver = is
	l.lease, l.effect, l.isDirty = &next, nil, true
}

// decide decides about the command that waits, after the setting was read.
func (l *lever) decide(r Reading, now time.Time) {
	c, before := l.pending, r.Setting
	if l.lease != nil {
		before = l.lease.Before
	}
	switch {
	case l.lease == nil && r.Dynamic:
		l.refusePending(now, "another program moves the limit of the gateway all the time")
		return
	case c.Setting.loosens(before):
		l.refusePending(now, fmt.Sprintf("somebody else has set: %v. A command can only limit more", before))
		return
	case l.lease == nil && r.Same(c.Setting):
		l.report(Result{Status: Applied, Lever: l.lever.String(), Asked: c.String(), Text: fmt.Sprintf("the gateway had already: %v", r.Setting)}, now)
		l.pending = nil
		return
	}
	l.report(Result{Status: Accepted, Lever: l.lever.String(), Asked: c.String(), Text: fmt.Sprintf("before: %s", l.words(before))}, now)
	l.attempt = &attempt{target: c.Setting, command: &c.Command, arrivedAt: c.at, previous: l.lease}
	next := &Lease{Before: before}
	if l.lease != nil {
		l.attempt.isRenewal = l.isRenewal(r.Setting, c.Setting, now)
		next = l.lease
	}
	next = next.with(c.Setting)
	next.Firmware = r.Firmware // another one only if the gateway has the state before
	next.Ended, next.Until, next.Length = "", time.Time{}, ""
	if !l.attempt.isRenewal {
		next.WroteAt = now
	}
	if !c.Forever {
		next.Until, next.Length = now.Add(c.For), c.For.String()
	}
	l.lease, l.pending = next, nil
}

// isRenewal reports whether a command asks for what the lease has applied and the
// power obeys, so that no write is needed.
func (l *lever) isRenewal(has, asked Setting, now time.Time) bool {
	return l.isApplied && l.lease.Ended == "" && has.Same(asked) && asked.Same(l.lease.latest()) &&
		(l.lever == Switch || now.Sub(l.latestAt) < measuredFor && l.latest.obeys(asked))
}

// readFailed handles a failed reading.
func (l *lever) readFailed(err error, now time.Time) {
	if l.lease != nil && errors.Is(err, powerlimit.ErrFirmwareChanged) {
		l.giveUp(fmt.Sprintf("%v: the setting stays", err), now)
		return
	}
	l.seenAt = now // not again at once
	switch {
	case l.pending != nil && wasNotWritten(err):
		l.refusePending(now, err.Error())
	case l.pending != nil:
		l.nextTry, l.pending.failure = now.Add(readRetry), err
	case l.lease == nil || l.lease.HandedOver:
	case l.lease.Ended != "":
		l.restoreFailed(err, now)
	case isRefusal(err):
		l.nextTry = now.Add(refusalRetry)
	default:
		l.readBackAt = now.Add(readBackPause)
	}
}

// restoreFailed plans the next attempt to restore.
func (l *lever) restoreFailed(err error, now time.Time) {
	l.nextTry = now.Add(retryDelay(l.tries))
	if isRefusal(err) {
		l.nextTry = now.Add(refusalRetry)
		l.mustWait = l.isStopping
	}
	l.tries++
	if !l.hasFailed {
		l.hasFailed = true
		l.report(Result{Status: Failed, Lever: l.lever.String(), Asked: l.lease.latest().String(), Text: fmt.Sprintf("not restored yet, tried again: %v", err)}, now)
	}
}

// retryDelay returns the time between two attempts to restore.
func retryDelay(tries int) time.Duration { return min(Pace<<min(tries, 10), maxRetry) }

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
		l.cancelAttempt(now, fmt.Sprintf("the journal cannot be stored: %v", err))
	case l.lease.Ended != "": // meanwhile
		l.attempt = nil
	case a.isRenewal:
		l.attempt = nil
		l.report(Result{Status: Applied, Lever: l.lever.String(), Asked: a.command.String(), Text: fmt.Sprintf("the gateway has it already: %v", a.target)}, now)
	default:
		a.isSaved = true
	}
}

// cancelAttempt gives up a command before its write.
func (l *lever) cancelAttempt(now time.Time, why string) {
	a, ended := l.attempt, l.lease.Ended
	l.report(Result{Status: Refused, Lever: l.lever.String(), Asked: a.command.String(), Text: why}, now)
	l.attempt, l.lease, l.isDirty = nil, a.previous, true
	if ended != "" && l.lease != nil {
		l.end(now, ended)
	}
}

// onWritten continues after a write.
func (l *lever) onWritten(err error, now time.Time) {
	a := l.attempt
	l.attempt = nil
	if a.command != nil && (err == nil || !wasNotWritten(err)) {
		l.effect = nil
		settled := now.Add(settleTime)
		l.confirmation = confirmation{wroteAt: now, powerBefore: l.latest, readBackAt: now.Add(readBackDelay), unseenUntil: settled, uncertainUntil: l.uncertainUntil}
		if err != nil {
			l.uncertainUntil = settled
		}
	}
	switch {
	case a.command == nil && err != nil:
		l.restoreFailed(err, now)
	case a.command == nil:
		l.nextTry, l.rewriteAt = now.Add(readBackDelay), now.Add(retryDelay(l.tries))
		l.tries++
	case err != nil && wasNotWritten(err):
		l.attempt = a
		l.cancelAttempt(now, err.Error())
	case err != nil:
		l.report(Result{Status: Failed, Lever: l.lever.String(), Asked: a.command.String(), Text: fmt.Sprintf("no answer to the write: %v", err)}, now)
	}
	if errors.Is(err, powerlimit.ErrFirmwareChanged) && l.lease != nil {
		l.giveUp(fmt.Sprintf("%v: the setting stays", err), now)
	}
}
