package publish

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

// metersConfigInterval is how often the configuration of the CTs is requested.
const metersConfigInterval = 10 * time.Minute

// ctHealth publishes the health of the CTs of one gateway.
type ctHealth struct {
	target       *target
	configs      []device.MeterConfig
	plausibility filter.Plausibility
}

// task returns the request for the configuration of the CTs.
func (h *ctHealth) task() *schedule.Task {
	return schedule.NewTask("meters", device.MetersPath, metersConfigInterval, (*envoy.Session).CheckMeters, h.onConfigs)
}

// onConfigs handles an answer about the CTs.
func (h *ctHealth) onConfigs(_ *envoy.Session, configs []device.MeterConfig, err error) error {
	if err == nil {
		h.configs = configs
		h.target.publishGroup(h.values(), h.target.ttl(metersConfigInterval))
	}
	return schedule.IgnoreUnsupported(err)
}

// check checks a sample for CTs that are installed wrongly. areAsleep reports that no
// inverter has reported a power for hours.
func (h *ctHealth) check(s envoy.Sample, areAsleep bool) {
	if h.plausibility.Update(s, areAsleep, time.Now()) {
		h.target.renewGroup(h.values(), h.target.ttl(metersConfigInterval))
	}
}

// values returns the health of the CTs.
func (h *ctHealth) values() devices.GroupValues {
	return devices.CTHealth.Values(devices.NewCTReport(h.configs, h.target.config.Correction.Changes(), h.plausibility.Problems()))
}
