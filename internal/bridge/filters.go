package bridge

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
)

// filters are the filters of one gateway. They belong to the polling goroutine.
type filters struct {
	counters     filter.Counters
	inverters    filter.InverterCounters
	plausibility filter.Plausibility
	storage      filter.Integrator
	savedStorage filter.Integrator // storage when the counters were last saved
}

func newFilters(log zerolog.Logger) filters {
	return filters{counters: filter.Counters{Log: log}, inverters: filter.InverterCounters{Log: log}}
}

// checkPlausibility checks a sample for CTs that are installed wrongly.
func (g *gateway) checkPlausibility(s envoy.Sample) {
	inverters := g.inverters.list.Inverters
	areAsleep := len(inverters) > 0
	for _, i := range inverters {
		if _, reports := i.Power.Get(); reports {
			areAsleep = false
		}
	}
	if g.filters.plausibility.Update(s, areAsleep, time.Now()) {
		g.tellHealth()
	}
}

// haveChanged reports whether a state that outlives a restart has changed since
// it was last saved.
func (f *filters) haveChanged() bool { return f.counters.Changed || f.inverters.Changed }
