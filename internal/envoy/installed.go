package envoy

import (
	"context"
	"fmt"
	"slices"
)

// A ctSet says which CTs a gateway has. Of the two consumption meters it reports
// both, wherever the one CT is: total consumption is net consumption plus
// production. Where no CT measures production it adds zero.
type ctSet [measurements]bool

// installed returns the CTs that are enabled by /ivp/meters, or by the
// activeCount of r where the gateway does not report them.
func (s *Session) installed(r *reading) ctSet {
	if s.choice.configs == nil {
		return r.activeCTs()
	}
	return enabledCTs(s.choice.configs)
}

func enabledCTs(configs []MeterConfig) (has ctSet) {
	for _, c := range configs {
		if m, ok := c.Measurement(); ok && c.Enabled {
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

// learnConfigs reads how the CTs are set up, if that is not known. A gateway that
// does not answer is asked for three readings; [Session.CheckMeters] asks later.
func (s *Session) learnConfigs(ctx context.Context) {
	c := &s.choice
	if !s.AtLeast(4) || c.configs != nil || c.asked >= confirm || s.client.Source == AutoSource && !c.made { // choose has just asked
		return
	}
	c.asked++
	ctx, cancel := soonContext(ctx)
	defer cancel()
	if configs, err := s.MeterConfigs(ctx); err == nil && len(configs) > 0 {
		c.configs = configs
	}
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

func (c *Channel) keepComputed() {
	for _, q := range []Quantity{Voltage, Frequency, PowerFactor, ApparentPower, ReactivePower} {
		c.Drop(q)
	}
}
