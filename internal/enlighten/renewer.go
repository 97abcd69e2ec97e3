package enlighten

import (
	"context"
	"time"
)

const (
	// maxTickInterval limits the time between two checks, because the clock may be set.
	maxTickInterval = time.Hour
	// The time between two looks at the stored token, which another process may have
	// replaced ([Source.SetToken]).
	needyLookInterval   = time.Minute      // while the user must act, there is no token, or something could not be saved
	healthyLookInterval = 10 * time.Minute // otherwise
)

// A renewer renews the token of a started Source ahead of time, reads the token
// that another process has stored, saves changes and reports the status. One
// goroutine uses it.
type renewer struct {
	source     *Source
	lastStatus Status      // last reported
	lastStored fileVersion // of the stored token, last seen
}

func (r *renewer) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	look := time.NewTimer(needyLookInterval)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-r.source.wake:
		case <-timer.C:
		case <-look.C:
			look.Reset(r.readIfReplaced())
		}
		if ctx.Err() != nil {
			return
		}
		timer.Reset(r.tick())
	}
}

// tick saves and reports changes, starts a renewal if it is due, and returns the
// time until the next tick.
func (r *renewer) tick() time.Duration {
	r.source.ledger.saveChanges()
	if st := r.source.Status(); r.source.Changed != nil && !st.equal(r.lastStatus) {
		r.source.Changed(st)
		r.lastStatus = st
	}
	return r.renewIfDue()
}

// readIfReplaced reads the stored token if its file has changed, saves what could not be
// saved, and returns the time until the next look. The Source uses the token that it read if it is newer
// than its own.
func (r *renewer) readIfReplaced() time.Duration {
	isUnsaved := r.source.ledger.saveChanges()
	st := r.source.Status()
	if st.Serial == "" || r.source.isCalling() {
		return needyLookInterval
	}
	if stored := r.source.Store.tokenVersion(st.Serial); stored != r.lastStored {
		r.lastStored = stored
		_, _, _ = r.source.tokenOrCall(st.Serial, reasonInspect) // Status reports the result
	}
	if isUnsaved || st.Problem || st.State != StateOK {
		return needyLookInterval
	}
	return healthyLookInterval
}

// renewIfDue starts a renewal if it is due, and returns the time until the next check.
func (r *renewer) renewIfDue() time.Duration {
	if r.source.isCalling() {
		return maxTickInterval
	}
	serial, at := r.source.ledger.renewal() // after isCalling, so that the result of a call that has just ended counts
	if at.IsZero() {
		return maxTickInterval
	}
	if wait := time.Until(at); wait > 0 {
		return min(wait, maxTickInterval)
	}
	_, _, _ = r.source.tokenOrCall(serial, reasonExpiring) // Status reports the result
	return maxTickInterval
}
