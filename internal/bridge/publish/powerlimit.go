package publish

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

const powerLimitInterval = time.Minute

// powerLimit publishes what limits the power of the inverters.
type powerLimit struct {
	*target
	isRead   bool // the gateway has answered
	failures int  // in a row
}

func (p *powerLimit) tasks() []*schedule.Task {
	return []*schedule.Task{
		schedule.NewTask("power limit", "/ivp/ss/dpel", powerLimitInterval, (*envoy.Session).PowerLimit, p.onLimit),
		schedule.NewTask("production switch", "/ivp/mod/603980032/mode/power", powerLimitInterval, (*envoy.Session).ProductionOff, p.onSwitch),
	}
}

// onLimit handles an answer about the limit. A gateway that has answered before is
// expected to do so.
func (p *powerLimit) onLimit(_ *envoy.Session, limit envoy.PowerLimit, err error) error {
	switch {
	case err == nil:
		p.isRead, p.failures = true, 0
		p.publish(devices.PowerLimitReport{Limit: limit})
	case p.isRead:
		if p.failures++; p.failures >= filter.Confirmations {
			p.publish(devices.PowerLimitReport{IsUnknown: true})
		}
	}
	return schedule.IgnoreUnsupported(err)
}

func (p *powerLimit) publish(r devices.PowerLimitReport) {
	publishDiagnostics(p.target, &devices.PowerLimit, r, p.ttl(powerLimitInterval))
}

// onSwitch handles an answer about the production switch.
func (p *powerLimit) onSwitch(_ *envoy.Session, isOff bool, err error) error {
	if err == nil {
		publishDiagnostics(p.target, &devices.ProductionSwitch, isOff, p.ttl(powerLimitInterval))
	}
	return schedule.IgnoreUnsupported(err)
}
