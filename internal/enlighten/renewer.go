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
	needyLookInterval   = time.Minute      // while the user must act, or there is no token
	healthyLookInterval = 10 * time.Minute // otherwise
)

// A renewer is the goroutine of a started Source: it renews the token ahead of
// time, reads the token that another process has stored, saves changes and reports
// the status.
type renewer struct {
	source     *Source
	wake       chan struct{} // of capacity 1: the next tick is due now
	cancel     context.CancelFunc
	done       chan struct{} // closed when run has returned
	lastStatus Status        // last reported
	lastStored fileVersion   // of the stored token, last seen
}

func startRenewer(s *Source) *renewer {
	ctx, cancel := context.WithCancel(context.Background())
	r := &renewer{source: s, wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
	go r.run(ctx)
	return r
}

// stop ends the goroutine and waits for it.
func (r *renewer) stop() {
	r.cancel()
	<-r.done
}

// notify makes the next tick due. It does not wait for it, and does nothing if r
// is nil: the Source was not started.
func (r *renewer) notify() {
	if r == nil {
		return
	}
	select {
	case r.wake <- struct{}{}:
	default: // already due
	}
}

func (r *renewer) run(ctx context.Context) {
	defer close(r.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	look := time.NewTimer(needyLookInterval)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		case <-look.C:
			look.Reset(r.readIfReplaced())
			continue
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
	r.source.saveChanges()
	if st := r.source.Status(); r.source.Changed != nil && !st.equal(r.lastStatus) {
		r.source.Changed(st)
		r.lastStatus = st
	}
	return r.renewIfDue()
}

// readIfReplaced reads the stored token if its file has changed, and returns the
// time until the next look. The Source uses the token that it read if it is newer
// than its own.
func (r *renewer) readIfReplaced() time.Duration {
	s := r.source
	st := s.Status()
	s.mu.Lock()
	running := s.call != nil
	s.mu.Unlock()
	if st.Serial == "" || running {
		return needyLookInterval
	}
	if stored := s.Store.tokenVersion(st.Serial); stored != r.lastStored {
		r.lastStored = stored
		_, _, _ = s.tokenOrCall(st.Serial, reasonInspect) // Status reports the result
	}
	if st.Problem || st.State != StateOK {
		return needyLookInterval
	}
	return healthyLookInterval
}

// renewIfDue starts a renewal if it is due, and returns the time until the next check.
func (r *renewer) renewIfDue() time.Duration {
	s := r.source
	s.mu.Lock()
	now := time.Now()
	best, ok := s.state.tokens.best(now)
	wait := later(best.renewal, s.state.retryAt).Sub(now)
	serial, running := s.state.tokens.serial, s.call != nil
	s.mu.Unlock()
	if !ok || running || best.renewal.IsZero() {
		return maxTickInterval
	}
	if wait > 0 {
		return min(wait, maxTickInterval)
	}
	_, _, _ = s.tokenOrCall(serial, reasonExpiring) // Status reports the result
	return maxTickInterval
}
