package publish

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A failSafe replaces the power of the grid, once after it has been measured, by
// the configured one: some battery controllers keep the last value for ever.
type failSafe struct {
	target     *target
	phases     int // of the latest measurement; 0 if there was none, or if it was replaced
	measuredAt time.Time
}

// never is long enough for a broker that is away: the next sample replaces the
// message.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// watch records a sample. It returns the messages if the grid has been missing
// from samples for StaleAfter.
func (f *failSafe) watch(s envoy.Sample) []mqtt.Message {
	if n := schema.GridPhases(s); n > 0 {
		f.phases, f.measuredAt = n, time.Now()
	} else if time.Since(f.measuredAt) >= f.target.config.StaleAfter {
		return f.take()
	}
	return nil
}

// take returns the messages that replace a measurement, once, or nil if there was
// none.
func (f *failSafe) take() []mqtt.Message {
	phases := f.phases
	if f.target.config.FailSafe == nil || phases == 0 {
		return nil
	}
	f.phases = 0
	f.target.log.Warn().Float64("power", *f.target.config.FailSafe).Msg("FAILSAFE sent instead of measured power")
	return f.target.shared.Topics.FailSafe(f.target.Serial, *f.target.config.FailSafe, phases, time.Now())
}
