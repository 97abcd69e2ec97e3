package limit

import "time"

const (
	readBackDelay = 2 * time.Second  // of the first reading after a write
	readBackPause = 15 * time.Second // between further ones
	// settleTime is how long after a write the gateway may still carry it out.
	settleTime = 2 * time.Minute
)

// A verification is what is known about the latest write of a lease.
type verification struct {
	wroteAt        time.Time // end of it
	powerBefore    Measurement
	isApplied      bool      // it was read back
	readBackAt     time.Time // zero if no reading back is due
	unseenUntil    time.Time // the gateway may still take over a write that it has answered
	uncertainUntil time.Time // likewise one that it has not answered
	effect         *effect   // nil unless the effect of the write is being watched
}

// afterWrite returns the verification of a write that has just ended, in place of that
// of an earlier write, which may still arrive.
func (v verification) afterWrite(isAnswered bool, power Measurement, now time.Time) verification {
	next := verification{wroteAt: now, powerBefore: power, readBackAt: now.Add(readBackDelay), unseenUntil: now.Add(settleTime), uncertainUntil: v.uncertainUntil}
	if !isAnswered {
		next.uncertainUntil = now.Add(settleTime)
	}
	return next
}

// afterStart returns the verification of a lease of the journal, whose latest write may
// still arrive.
func afterStart(lease *Lease, now time.Time) verification {
	v := verification{wroteAt: now, readBackAt: now, unseenUntil: now.Add(settleTime), uncertainUntil: now.Add(settleTime)}
	if at := lease.WroteAt; !at.IsZero() && at.Before(now) {
		v.wroteAt = at
	}
	return v
}

// isReadBackDue reports whether the setting must be read back.
func (v *verification) isReadBackDue(now time.Time) bool {
	return !v.readBackAt.IsZero() && !now.Before(v.readBackAt)
}

// isSettled reports whether no earlier write can change the setting any more. That
// of the state before may: it is what is wanted.
func (v *verification) isSettled(now time.Time) bool {
	return !now.Before(v.unseenUntil) && !now.Before(v.uncertainUntil)
}

// confirm notes that the setting s was read back, and reports whether that is new.
// Its effect is watched from then on.
func (v *verification) confirm(s Setting, now time.Time) (isNew bool) {
	isNew = !v.isApplied
	v.isApplied, v.readBackAt = true, time.Time{}
	if isNew && now.Sub(v.wroteAt) < effectTimeout {
		v.effect = &effect{setting: s, before: v.powerBefore, wroteAt: v.wroteAt}
	}
	return isNew
}

// repeat begins again, so that it is reported again that the setting was read back.
func (v *verification) repeat(now time.Time) { v.isApplied, v.readBackAt = false, now }
