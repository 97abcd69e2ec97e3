package limit

import "time"

// watchInterval is how old the latest reading during a lease may be.
const watchInterval = 5 * time.Minute

// A lever is what a machine has about one lever: a command that waits, a write that is
// being prepared, and a lease.
type lever struct {
	*common
	lever   Lever
	pending *pending // nil without a command that waits
	attempt *attempt // nil unless a write is being prepared
	lease   *Lease   // nil without one

	verification verification // of the latest write of the lease
	restoration  restoration  // after the end of the lease
	// accepted is the result of a command that ends the lease, until the journal has it.
	accepted *Result

	last      Setting   // the latest reading
	seenAt    time.Time // of it
	readAfter time.Time // no reading before
}

// newLever returns a lever that continues its lease of the journal, if there is one.
func newLever(c *common, name Lever, journal Record, now time.Time) *lever {
	l := &lever{common: c, lever: name}
	if stored := journal.Leases[name.String()]; stored != nil {
		l.lease = stored.resumed(c.config, journal.Run, now)
		l.verification, l.seenAt = afterStart(stored, now), now
		if l.lease.Ended != stored.Ended {
			l.isDirty = true // another start must not continue it
		}
	}
	return l
}

// report adds a result about the lever.
func (l *lever) report(r Result, now time.Time) {
	r.Lever = l.lever.String()
	l.common.report(r, now)
}

// setPending replaces the command that waits.
func (l *lever) setPending(c Command, now time.Time) {
	first := now
	if l.pending != nil {
		first = l.pending.first
		if l.pending.failure != nil { // otherwise commands that are repeated would never have a result
			l.refusePending(l.pending.failure.Error(), now)
		}
	}
	l.pending = &pending{Command: c, first: first, at: now}
	l.accepted = nil // it replaces that command
	l.readAfter = now
}

func (l *lever) refusePending(why string, now time.Time) {
	if l.pending != nil {
		l.report(Result{Status: Refused, Asked: l.pending.String(), Text: why}, now)
		l.pending = nil
	}
}

// expire ends a lease whose time is over, and refuses a command that is too old.
func (l *lever) expire(now time.Time) {
	if l.lease != nil && l.lease.isOver(now) {
		l.end(expired, now)
		if l.lease.HandedOver && now.Sub(l.lease.Until) >= MaxLease {
			l.close(HandedOver, "the setting stays as somebody else has made it", now)
		}
	}
	if l.pending != nil && now.Sub(l.pending.at) > MaxAge {
		l.refusePending("not carried out within 30 s: "+l.pending.obstacle(), now)
	}
}

func (l *lever) next(now time.Time) (Action, bool) {
	a := l.attempt
	switch {
	case a == nil:
		return Action{Kind: Read, Lever: l.lever}, l.mustRead(now)
	case !a.isSaved:
		return Action{Kind: Save}, true
	case a.isTooOld(now):
		l.cancelAttempt("the journal was stored too late", now)
		return Action{}, false
	case l.isPaced(now): // by the other lever's write
		return Action{}, false
	}
	a.isWriting = true
	return Action{Kind: Write, Lever: l.lever, Setting: a.target}, true
}

// mustRead reports whether a reading is due.
func (l *lever) mustRead(now time.Time) bool {
	switch {
	case now.Before(l.readAfter):
		return false
	case l.pending != nil:
		return l.pending.isDue(now) && !l.isPaced(now)
	case l.lease == nil:
		return false
	case l.lease.isRestoring():
		return !l.restoration.mustWait
	case !l.lease.HandedOver && l.verification.isReadBackDue(now):
		return true
	}
	return now.Sub(l.seenAt) >= watchInterval
}

// observe compares the measured power with the setting of the lease.
func (l *lever) observe(power Measurement, now time.Time) {
	e := l.verification.effect
	if e == nil {
		return
	}
	switch {
	case e.isOpposite(power, now):
		l.report(e.result(NoEffect, power, now, "the power does the opposite, as with firmware 8.2.4398"), now)
		l.end("the power did the opposite", now)
	case !e.isReported && power.obeys(e.setting):
		e.isReported = true
		l.report(e.result(Effective, power, now, ""), now)
	case e.isOver(now):
		if !e.isReported {
			l.report(e.result(NoEffect, power, now, `the power does not obey; some sites need "Power Production Limiting by Gateway" in the installer's portal`), now)
		}
		l.verification.effect = nil
	}
}
