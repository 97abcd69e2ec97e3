package limit

import (
	"cmp"
	"fmt"
	"time"
)

const (
	// collectTime is how long no command may arrive before the latest is carried out,
	// and maxCollectTime how long the first one waits.
	collectTime, maxCollectTime = time.Second, 5 * time.Second
	// watchInterval is how old the latest reading during a lease may be.
	watchInterval = 5 * time.Minute
)

// A lever is what a machine has about one lever.
type lever struct {
	*common
	lever   Lever
	lease   *Lease   // nil without one; a changed lease is a new value, because a record may have the old
	pending *pending // nil without a command that waits
	attempt *attempt // nil unless a write is being prepared
	// accepted is the result of a command that ends the lease, until the journal has it.
	accepted *Result
	effect   *effect // nil unless the effect of a write is being watched
	confirmation
	retries

	last   Setting   // the latest reading
	seenAt time.Time // of it
}

// A confirmation is what is known about the latest write of a lease.
type confirmation struct {
	wroteAt        time.Time // end of it
	powerBefore    Measurement
	isApplied      bool      // it was read back
	readBackAt     time.Time // zero if no reading back is due
	unseenUntil    time.Time // the gateway may still take over a write that it has answered
	uncertainUntil time.Time // likewise one that it has not answered
}

// retries are the attempts to read, and to restore the state before.
type retries struct {
	nextTry   time.Time
	rewriteAt time.Time // of restoring again
	tries     int       // to restore
	hasFailed bool      // which was reported
	mustWait  bool      // the journal has to stay until the next start
}

// A pending command waits for the pace.
type pending struct {
	Command
	first, at time.Time // of the first of several commands, and of this one
	failure   error     // of the latest reading
}

func (p *pending) isDue(now time.Time) bool {
	return now.Sub(p.at) >= collectTime || now.Sub(p.first) >= maxCollectTime
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

// The reasons of a lease that has ended by time, and by a command.
const (
	expired  = "expired"
	askedFor = "asked for"
)

// resume continues a lease of the journal. Its latest write may still arrive.
func (l *lever) resume(lease Lease, run string, now time.Time) {
	l.unseenUntil, l.uncertainUntil, l.wroteAt, l.seenAt, l.readBackAt = now.Add(settleTime), now.Add(settleTime), now, now, now
	if at := lease.WroteAt; !at.IsZero() && at.Before(now) {
		l.wroteAt = at
	}
	isForever := lease.Until.IsZero()
	if length, err := time.ParseDuration(lease.Length); err == nil && !isForever && lease.Until.After(now.Add(length)) {
		lease.Until = now.Add(length) // the clock was set back
	}
	wasEnded := lease.Ended != ""
	switch {
	case wasEnded:
	case !l.config.Enabled:
		lease.Ended = "LIMIT is off"
	case isForever && !l.config.Forever:
		lease.Ended = "LIMIT_FOREVER is off"
	case run != l.config.Run && !isForever:
		lease.Ended = "envoy-mqtt was interrupted"
	}
	l.lease = &lease
	l.isDirty = l.isDirty || !wasEnded && lease.Ended != "" // another start must not continue it
}

// words returns a setting of the lever for texts.
func (l *lever) words(s Setting) string {
	if l.lever == Switch && !s.Off {
		return "production on"
	}
	return s.String()
}

// wanted returns the setting that counts for commands that leave a part as it is.
func (l *lever) wanted() Setting {
	switch {
	case l.pending != nil:
		return l.pending.Setting
	case l.lease != nil && l.lease.Ended == "":
		return l.lease.latest()
	}
	return Setting{} // not the latest reading, which may be old
}

// resolve fills in what a command leaves as it is, or returns why it cannot.
func (l *lever) resolve(c Command) (resolved Command, why string) {
	now := l.wanted()
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

// setPending replaces the command that waits.
func (l *lever) setPending(c Command, now time.Time) {
	first := now
	if l.pending != nil {
		first = l.pending.first
		if l.pending.failure != nil { // otherwise commands that are repeated would never have a result
			l.refusePending(now, l.pending.failure.Error())
		}
	}
	l.pending = &pending{Command: c, first: first, at: now}
	l.accepted = nil // it replaces that command
	l.nextTry = now
}

func (l *lever) refusePending(now time.Time, why string) {
	if l.pending != nil {
		l.report(Result{Status: Refused, Lever: l.lever.String(), Asked: l.pending.String(), Text: why}, now)
		l.pending = nil
	}
}

// endByCommand ends the lease. What others have set stays.
func (l *lever) endByCommand(c Command, now time.Time) {
	r := Result{Status: Applied, Lever: l.lever.String(), Asked: c.String(), Text: "nothing was limited"}
	wasPending := l.pending != nil
	l.pending = nil
	switch {
	case l.lease != nil && l.lease.HandedOver: // after another reading: see compare
		ended := *l.lease
		ended.Ended = askedFor
		l.lease, l.seenAt, l.isDirty = &ended, time.Time{}, true
		l.retries = retries{nextTry: now}
		return
	case l.lease != nil:
		l.end(now, askedFor)
		r.Status, r.Text = Accepted, fmt.Sprintf("restoring: %s", l.words(l.lease.Before))
		l.accepted = &r
		return // reported when a crash cannot lose it
	case wasPending:
		r.Text = "the command before is not carried out"
	case l.last.Active || l.last.Off:
		r.Status, r.Text = Refused, fmt.Sprintf("%v was not set by envoy-mqtt and stays", l.last)
	}
	l.report(r, now)
}

// end ends the lease: the state before is restored. The journal has the reason, so
// that a crash does not continue the lease.
func (l *lever) end(now time.Time, why string) {
	if l.lease.Ended != "" {
		return
	}
	ended := *l.lease
	ended.Ended = why
	l.lease, l.effect = &ended, nil
	l.retries = retries{nextTry: now}
	if l.attempt != nil && l.attempt.isSaved && !l.attempt.isWriting {
		l.attempt = nil
	}
	l.isDirty = true
}

// expire ends a lease whose time is over, and refuses a command that is too old.
func (l *lever) expire(now time.Time) {
	if l.lease != nil && !l.lease.Until.IsZero() && !now.Before(l.lease.Until) {
		l.end(now, expired)
		if l.lease.HandedOver && now.Sub(l.lease.Until) >= MaxLease {
			l.giveUp("the setting stays as somebody else has made it", now)
		}
	}
	if l.pending != nil && now.Sub(l.pending.at) > MaxAge {
		why := cmp.Or(errorText(l.pending.failure), "the pace of writes")
		l.refusePending(now, "not carried out within 30 s: "+why)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// next returns the next action.
func (l *lever) next(now time.Time) (Action, bool) {
	if a := l.attempt; a != nil {
		switch {
		case !a.isSaved:
			return Action{Kind: Save}, true
		case a.command != nil && now.Sub(a.arrivedAt) > MaxAge:
			l.cancelAttempt(now, "the journal was stored too late")
			return Action{}, false
		case now.Before(l.notBefore): // of the other lever's write
			return Action{}, false
		}
		a.isWriting = true
		return Action{Kind: Write, Lever: l.lever, Setting: a.target}, true
	}
	return Action{Kind: Read, Lever: l.lever}, l.mustRead(now)
}

// mustRead reports whether a reading is due.
func (l *lever) mustRead(now time.Time) bool {
	switch {
	case now.Before(l.nextTry):
		return false
	case l.pending != nil:
		return l.pending.isDue(now) && !now.Before(l.notBefore)
	case l.lease == nil:
		return false
	case l.lease.HandedOver:
		return now.Sub(l.seenAt) >= watchInterval
	case l.lease.Ended != "":
		return !l.mustWait
	}
	return !l.readBackAt.IsZero() && !now.Before(l.readBackAt) || now.Sub(l.seenAt) >= watchInterval
}
