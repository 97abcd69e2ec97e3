package envoy

import (
	"fmt"
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// A ctSet has the CTs that a gateway has. Of the two consumption meters it reports
// both, wherever the one CT is: total consumption is net consumption plus
// production. Where no CT measures production it adds zero.
type ctSet [measurements]bool

// measurementOf returns what a CT measures, if this package has it.
func measurementOf(c device.MeterConfig) (Measurement, bool) {
	for m := range measurements {
		if c.Kind == m.String() && m != House { // a sum of ours
			return m, true
		}
	}
	return 0, false
}

func enabledCTs(configs []device.MeterConfig) (has ctSet) {
	for _, c := range configs {
		if m, ok := measurementOf(c); ok && c.Enabled {
			has[m] = true
		}
	}
	return has
}

// activeCTs returns the CTs by activeCount, which is 1 for both consumption meters:
// their CT is then taken to be at the grid connection, as nearly all are. Without
// a production CT both have the same numbers, and either may be the wrong one.
func (r *reading) activeCTs() (has ctSet) {
	for _, m := range r.meters {
		has[m.Measurement] = true
	}
	if has[NetConsumption] && has[TotalConsumption] {
		has[NetConsumption], has[TotalConsumption] = has[Production], false
	}
	return has
}

// keepMeasured leaves out a consumption meter that the gateway computes from a
// production that no CT measures. One that it computes from two CTs keeps power,
// current and energy: no CT has its voltage, frequency or power factor.
func (r *reading) keepMeasured(has ctSet) {
	pv := has[Production] && r.meter(Production) != nil
	computed := func(m Measurement) (computed, ok bool) {
		switch m {
		case NetConsumption:
			return !has[NetConsumption], has[TotalConsumption] && pv
		case TotalConsumption, House: // House is the load of the live data
			return !has[TotalConsumption], has[NetConsumption] && pv
		}
		return false, true
	}
	if c, ok := computed(NetConsumption); c && !ok && r.meter(NetConsumption) != nil {
		r.noGrid = fmt.Errorf("the gateway computes net-consumption from a production that no CT measures: %s", needsCT)
	}
	r.meters = slices.DeleteFunc(r.meters, func(m Meter) bool {
		c, ok := computed(m.Measurement)
		return c && !ok
	})
	for i := range r.meters {
		m := &r.meters[i]
		if c, _ := computed(m.Measurement); c {
			m.Total.keepComputed()
			for j := range m.Phases {
				m.Phases[j].keepComputed()
			}
		}
	}
}

// keepComputed removes from a meter that the gateway computes from two CTs what cannot
// be computed: no CT has its voltage, its frequency and what follows from them.
func (c *Channel) keepComputed() {
	c.keep(slices.Concat([]Quantity{Power, Current}, CounterQuantities[:])...)
}
