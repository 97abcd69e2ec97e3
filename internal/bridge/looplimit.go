package bridge

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/limiter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// limitStep is how often a limiter that is active is asked for a request.
const limitStep = time.Second

// limiting is what an event loop has of its limiter.
type limiting struct {
	inbox   *limiter.Inbox
	limiter *limiter.Limiter // nil without a configuration, or before the serial number is known
}

// replace begins with another gateway. The journal keeps the leases of the one before.
func (l *limiting) replace(c *limiter.Config, p *publish.GatewayPublisher, log zerolog.Logger) {
	if l.limiter != nil {
		l.limiter.HandOver()
	}
	if c != nil {
		l.limiter = limiter.New(*c, p.Serial, l.inbox, p, log)
		p.SetLimitWatcher(l.limiter)
		l.limiter.Receive(time.Now()) // what has arrived before
	}
}

// deliver handles a notification.
func (l *limiting) deliver(pending event) {
	if l.limiter != nil && pending.has(eventLimit) {
		l.limiter.Receive(time.Now())
	}
}

// nextTime returns the time of the next request, which is that of the schedule or
// earlier.
func (l *limiting) nextTime(scheduled time.Time) time.Time {
	if l.isActive() {
		if soon := time.Now().Add(limitStep); soon.Before(scheduled) {
			return soon
		}
	}
	return scheduled
}

func (l *limiting) observe(s envoy.Sample) {
	if l.limiter != nil {
		l.limiter.Observe(s, time.Now())
	}
}

// stop ends what limits the power, or leaves it to the bridge that takes over. While a
// request that was abandoned may use the writer, the next start ends it.
func (l *limiting) stop(cause error, name string, hasEnded bool) {
	removed, _ := errors.AsType[RemovedGateways](cause)
	switch {
	case l.limiter == nil:
	case errors.Is(cause, ErrHandover), !hasEnded:
		l.limiter.HandOver()
	default:
		l.limiter.Stop(slices.Contains(removed, name))
	}
}

// isActive reports whether something limits the power, or should.
func (l *limiting) isActive() bool { return l.limiter != nil && l.limiter.IsActive() }

// start starts a request of the limiter, and reports whether one was due.
func (l *limiting) start(ctx context.Context, r *requests, firmware string, isFailing bool) bool {
	if l.limiter == nil {
		return false
	}
	request, ok := l.limiter.Next(firmware, isFailing, time.Now())
	if ok {
		r.start(ctx, request)
	}
	return ok
}
