package limiter

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

const (
	// stopTimeout limits restoring at a stop. The pace of writes may take 10 s of it.
	stopTimeout = 20 * time.Second
	// stopInterval is how often Stop looks whether something is due.
	stopInterval = 100 * time.Millisecond
)

var errStopped = errors.New("envoy-mqtt stops")

// Stop ends the leases and waits until the state before is restored, for a limited
// time. What is left is done at the next start. With isRemoved, leases without an end
// are ended too. The request that was running must have ended.
func (l *Limiter) Stop(isRemoved bool) {
	if l.machine == nil || !l.machine.IsActive() || l.output.Claim() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	l.abandon()
	l.machine.Stop(isRemoved, time.Now())
	if !l.machine.IsStopped(time.Now()) {
		l.log.Info().Msg("restoring what was before the power limit")
	}
	for !l.machine.IsStopped(time.Now()) && ctx.Err() == nil {
		if request := l.next(time.Now()); request != nil {
			request(ctx)()
			continue
		}
		l.report()
		select {
		case <-l.Inbox.wake:
		case <-time.After(stopInterval):
		case <-ctx.Done():
		}
		l.Receive(time.Now())
	}
	l.report()
	if !l.machine.IsStopped(time.Now()) {
		l.log.Warn().Msg("power limit not restored, the next start tries it again")
	}
}

// abandon tells the machine that its request has ended without a result.
func (l *Limiter) abandon() {
	switch a, isBusy := l.machine.Busy(); {
	case !isBusy:
	case a.Kind == limit.Read:
		l.machine.OnRead(limit.Reading{}, errStopped, time.Now())
	case a.Kind == limit.Write:
		l.machine.OnWritten(errStopped, time.Now())
	}
}

// HandOver stores the leases for the limiter that continues them.
func (l *Limiter) HandOver() {
	if l.machine == nil || !l.machine.IsActive() || l.output.Claim() != nil {
		return
	}
	l.config.Journal.Save(l.serial, encode(l.machine.HandOver(time.Now())), func(error) {})
	l.report()
}
