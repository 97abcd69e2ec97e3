package limit

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

const (
	readRetryDelay    = 5 * time.Second // of a reading for a command
	refusalRetryDelay = time.Hour       // of a reading or restoring that the gateway refuses
)

// onRead continues after a reading.
func (l *lever) onRead(r Reading, now time.Time) {
	l.compare(r, now)
	switch {
	case l.pending != nil && l.pending.isDue(now) && !l.isPaced(now):
		l.decide(r, now)
	case l.lease != nil && l.lease.isRestoring():
		l.restore(now)
	}
}

// onReadFailed continues after a reading that has failed.
func (l *lever) onReadFailed(err error, now time.Time) {
	if l.lease != nil && isFirmwareChange(err) {
		l.close(HandedOver, fmt.Sprintf("%v: the setting stays", err), now)
		return
	}
	l.seenAt = now // not again at once
	switch {
	case l.pending != nil && wasNotWritten(err):
		l.refusePending(err.Error(), now)
	case l.pending != nil:
		l.readAfter, l.pending.failure = now.Add(readRetryDelay), err
	case l.lease == nil || l.lease.HandedOver:
	case l.lease.Ended != "":
		l.restoreFailed(err, now)
	case isRefusal(err):
		l.readAfter = now.Add(refusalRetryDelay)
	default:
		l.verification.readBackAt = now.Add(readBackInterval)
	}
}

// compare compares a reading with the lease, which it may close.
func (l *lever) compare(r Reading, now time.Time) {
	l.last, l.seenAt = r.Setting, now
	lease := l.lease
	if lease == nil {
		return
	}
	if lease.mayHaveTaken(r.Setting) && l.verification.isRecent(now) {
		lease = lease.took(r.Setting)
		l.lease, l.isDirty = lease, true
	}
	isBefore, isLatest, isForeign := r.Same(lease.Before), lease.isLatest(r.Setting), lease.isForeign(r.Setting)
	if isLatest {
		l.verification.unseenUntil = time.Time{}
	}
	switch {
	case lease.isOtherFirmware(r.Firmware) && !isBefore:
		l.close(HandedOver, fmt.Sprintf("the firmware has changed from %s to %s: %s stays", lease.Firmware, r.Firmware, l.lever.words(r.Setting)), now)
	case isForeign && lease.HandedOver && lease.Ended == askedFor:
		l.close(HandedOver, fmt.Sprintf("the setting stays as somebody else has made it: %v", r.Setting), now)
	case isForeign:
		l.handOver(fmt.Sprintf("somebody else has changed the setting: %s stays", l.lever.words(r.Setting)), now)
	case lease.HandedOver && isBefore:
		l.close(Restored, "not by envoy-mqtt, the gateway has: "+l.lever.words(lease.Before), now)
	case lease.HandedOver: // the gateway has the setting of the lease again
		l.lease, l.isDirty, l.readAfter = lease.handedOver(false), true, now
		if lease.Ended == "" {
			l.verification.repeat(now)
		}
	case lease.Ended != "": // see restore
	case isLatest:
		if isNew := l.verification.confirm(r.Setting, now); isNew {
			l.report(Result{Status: Applied, Asked: lease.latest().String(), Text: fmt.Sprintf("the gateway has: %v", r.Setting)}, now)
		}
	case isBefore && l.verification.isSettled(now):
		why := "the gateway has not kept the setting"
		if !l.verification.isApplied {
			why = "the gateway has not taken the setting"
		}
		l.close(Restored, fmt.Sprintf("%s, it has: %s", why, l.lever.words(lease.Before)), now)
	default:
		l.verification.readBackAt = now.Add(readBackInterval)
	}
}

// handOver leaves the setting to somebody else while it is neither that of the lease
// nor that before.
func (l *lever) handOver(why string, now time.Time) {
	if !l.lease.HandedOver {
		l.report(Result{Status: HandedOver, Text: why}, now)
		l.lease, l.isDirty = l.lease.handedOver(true), true
		l.verification.effect = nil
	}
	l.refusePending(why, now)
}

// notWritten are the errors after which nothing was written. After any other error of
// a write the setting may have changed.
var notWritten = []error{
	powerlimit.ErrNeedsInstaller, envoy.ErrUnsupported, powerlimit.ErrUnknownLayout, powerlimit.ErrFirmwareChanged, powerlimit.ErrOtherGateway,
}

// wasNotWritten reports whether err means that a write has had no effect.
func wasNotWritten(err error) bool {
	return slices.ContainsFunc(notWritten, func(known error) bool { return errors.Is(err, known) })
}

// isRefusal reports whether a request need not be repeated soon after err. A gateway
// that had a setting and now answers that it does not is about to restart, or busy.
func isRefusal(err error) bool { return errors.Is(err, powerlimit.ErrNeedsInstaller) }

// isFirmwareChange reports whether the setting has to stay as it is: the firmware is not
// that of the lease any more.
func isFirmwareChange(err error) bool { return errors.Is(err, powerlimit.ErrFirmwareChanged) }
