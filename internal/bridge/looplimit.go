package bridge

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/limiter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// RemovedGateways is the cause of a canceled context if another configuration follows
// that does not have these gateways. What limits their power then ends, even if it
// should last forever.
type RemovedGateways []string

func (r RemovedGateways) Error() string {
	return "another configuration without " + strings.Join(r, ", ")
}

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
	if l.limiter != nil && l.limiter.IsActive() {
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

// startLimit starts a request of the limiter, and reports whether one was due. Only
// the first sample shows which gateway answers.
func (l *loop) startLimit(ctx context.Context, now time.Time) bool {
	if l.limiting.limiter == nil || l.session == nil && !l.limiting.limiter.IsActive() {
		return false
	}
	request, ok := l.limiting.limiter.Next(l.state.Firmware, l.failures.Count > 0, now)
	if ok {
		read := func(ctx context.Context) (func(), error) { return request(ctx), nil }
		startRequest(ctx, &l.requests, read, func(handle func(), _ error) { handle() })
	}
	return ok
}
