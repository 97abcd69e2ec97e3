package limit

import (
	"fmt"
	"time"
)

const (
	maxRestoreDelay = 10 * time.Minute // between two attempts to restore
	// lateTimeout is how long a stop waits for a write that it has interrupted.
	lateTimeout = 8 * time.Second
)

// A restoration is what is known about restoring the state before.
type restoration struct {
	rewriteAt time.Time // of the next attempt, if the gateway does not take over the latest one
	tries     int
	hasFailed bool // which was reported
	mustWait  bool // the journal has to stay until the next start
}

// retryDelay returns the time until the next attempt.
func (r *restoration) retryDelay() time.Duration { return min(Pace<<min(r.tries, 10), maxRestoreDelay) }

// wrote notes an attempt, and returns when the setting is to be read.
func (r *restoration) wrote(now time.Time) (readAfter time.Time) {
	r.rewriteAt = now.Add(r.retryDelay())
	r.tries++
	return now.Add(readBackDelay)
}

// end ends the lease: the state before is restored. The journal has the reason, so
// that a crash does not continue the lease.
func (l *lever) end(why string, now time.Time) {
	if l.lease.Ended != "" {
		return
	}
	l.lease, l.isDirty = l.lease.ended(why), true
	l.verification.effect = nil
	l.restoration, l.readAfter = restoration{}, now
	if l.attempt != nil && l.attempt.isSaved && !l.attempt.isWriting {
		l.attempt = nil
	}
}

// endByCommand ends the lease, or gives up one that was handed over. What others have
// set stays.
func (l *lever) endByCommand(c Command, now time.Time) {
	r := Result{Status: Applied, Asked: c.String(), Text: "nothing was limited"}
	wasPending := l.pending != nil
	l.pending = nil
	switch {
	case l.lease != nil && l.lease.HandedOver: // after another reading: see compare
		l.lease, l.isDirty = l.lease.ended(askedFor), true
		l.restoration, l.readAfter, l.seenAt = restoration{}, now, time.Time{}
		return
	case l.lease != nil:
		l.end(askedFor, now)
		r.Status, r.Text = Accepted, "restoring: "+l.lever.words(l.lease.Before)
		l.accepted = &r
		return // reported when a crash cannot lose it
	case wasPending:
		r.Text = "the command before is not carried out"
	case l.last.Active || l.last.Off:
		r.Status, r.Text = Refused, fmt.Sprintf("%v was not set by envoy-mqtt and stays", l.last)
	}
	l.report(r, now)
}

// restore continues the end of a lease, after its setting was read.
func (l *lever) restore(now time.Time) {
	before, isSame := l.lease.Before, l.last.Same(l.lease.Before)
	switch {
	case !isSame && l.isPaced(now):
		l.readAfter = l.notBefore
	case !isSame && now.Before(l.restoration.rewriteAt): // the gateway may need time
		l.readAfter = now.Add(min(readBackInterval, l.restoration.rewriteAt.Sub(now)))
	case !isSame:
		l.attempt = &attempt{target: before}
	case !l.verification.isSettled(now) && l.isStopping: // a write that the stop has interrupted mostly arrives
		l.readAfter = now.Add(readBackDelay)
		l.restoration.mustWait = now.Sub(l.verification.wroteAt) >= lateTimeout
	case !l.verification.isSettled(now):
		l.readAfter = now.Add(readBackInterval)
	case l.lease.Ended == expired:
		l.close(Expired, "restored: "+l.lever.words(before), now)
	default:
		l.close(Restored, fmt.Sprintf("%s, restored: %s", l.lease.Ended, l.lever.words(before)), now)
	}
}

// restoreFailed plans the next attempt to restore.
func (l *lever) restoreFailed(err error, now time.Time) {
	r := &l.restoration
	l.readAfter = now.Add(r.retryDelay())
	if isRefusal(err) {
		l.readAfter = now.Add(refusalRetryDelay)
		r.mustWait = l.isStopping
	}
	r.tries++
	if !r.hasFailed {
		r.hasFailed = true
		l.report(Result{Status: Failed, Asked: l.lease.latest().String(), Text: fmt.Sprintf("not restored yet, tried again: %v", err)}, now)
	}
}

// close removes the lease, which the journal then loses. With [HandedOver] the command
// that waits is refused for the same reason.
func (l *lever) close(s Status, text string, now time.Time) {
	l.report(Result{Status: s, Asked: l.lease.latest().String(), Text: text}, now)
	l.lease, l.accepted, l.isDirty = nil, nil, true
	l.verification, l.restoration, l.readAfter = verification{}, restoration{}, time.Time{}
	if s == HandedOver {
		l.refusePending(text, now)
	}
}
