package publish

import (
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

const powerLimitInterval = time.Minute

// powerLimit publishes what limits the power of the inverters.
type powerLimit struct {
	target   *target
	isRead   bool // the gateway has answered
	failures int  // in a row
	watcher  LimitWatcher
}

// A LimitWatcher is given the settings that limit the power, when a task has read
// them.
type LimitWatcher interface {
	NoticeLimit(l powerlimit.Limit)
	NoticeSwitch(isOff bool)
}

// SetLimitWatcher sets the watcher, before the tasks run.
func (p *GatewayPublisher) SetLimitWatcher(w LimitWatcher) { p.powerLimit.watcher = w }

// PublishLimit publishes a limit that was read.
func (p *GatewayPublisher) PublishLimit(l powerlimit.Limit) {
	p.powerLimit.isRead, p.powerLimit.failures = true, 0
	p.powerLimit.publish(devices.PowerLimitReport{Limit: l})
}

// PublishSwitch publishes a state of the production switch that was read.
func (p *GatewayPublisher) PublishSwitch(isOff bool) { p.powerLimit.publishSwitch(isOff) }

// PublishLimitResult publishes what came of a command.
func (p *GatewayPublisher) PublishLimitResult(document string) {
	p.publishGroup(devices.LimitResult.Values(document), p.ttl(powerLimitInterval))
}

// ClearLimitCommand removes a retained command from the broker.
func (p *GatewayPublisher) ClearLimitCommand() {
	p.shared.Outbox.Set(outbox.Entry{Topic: p.shared.Topics.LimitSet(p.Serial)})
}

func (p *powerLimit) tasks() []*schedule.Task {
	readLimit := func(s *envoy.Session, ctx context.Context) (powerlimit.Limit, error) { return powerlimit.Read(ctx, s) }
	readSwitch := func(s *envoy.Session, ctx context.Context) (bool, error) { return powerlimit.ReadSwitch(ctx, s) }
	return []*schedule.Task{
		schedule.NewTask("power limit", powerlimit.LimitPath, powerLimitInterval, readLimit, p.onLimit),
		schedule.NewTask("production switch", powerlimit.SwitchPath, powerLimitInterval, readSwitch, p.onSwitch),
	}
}

// onLimit handles an answer about the limit. A gateway that has answered before is
// expected to do so.
func (p *powerLimit) onLimit(_ *envoy.Session, limit powerlimit.Limit, err error) error {
	switch {
	case err == nil:
		p.isRead, p.failures = true, 0
		p.publish(devices.PowerLimitReport{Limit: limit})
		p.watcher.NoticeLimit(limit)
	case p.isRead:
		if p.failures++; p.failures >= missingAnswers {
			p.publish(devices.PowerLimitReport{IsUnknown: true})
		}
	}
	return schedule.IgnoreUnsupported(err)
}

func (p *powerLimit) publish(r devices.PowerLimitReport) {
	p.target.publishGroup(devices.PowerLimit.Values(r), p.target.ttl(powerLimitInterval))
}

// onSwitch handles an answer about the production switch.
func (p *powerLimit) onSwitch(_ *envoy.Session, isOff bool, err error) error {
	if err == nil {
		p.publishSwitch(isOff)
		p.watcher.NoticeSwitch(isOff)
	}
	return schedule.IgnoreUnsupported(err)
}

func (p *powerLimit) publishSwitch(isOff bool) {
	p.target.publishGroup(devices.ProductionSwitch.Values(isOff), p.target.ttl(powerLimitInterval))
}
