package bridge

import (
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A guard keeps counters from falling. Home Assistant takes a fall for a new
// meter and adds the whole counter once more, and gateways answer a single
// zero, or an older value, now and then. A fall is believed when so many
// answers in a row agree, and so is a zero at the start. Its zero value is ready.
type guard struct{ counters map[valueKey]counted }

const agreeing = 3

// A valueKey names a value of a channel.
type valueKey struct {
	channelKey
	quantity envoy.Quantity
}

// A channelKey names a meter (phase 0) or one of its phases.
type channelKey struct {
	meter envoy.Measurement
	phase int
}

func (p point) channel() channelKey { return channelKey{p.meter, p.phase} }

var counterQuantities = []envoy.Quantity{envoy.Energy, envoy.EnergyImport, envoy.EnergyExport, envoy.EnergyCharged, envoy.EnergyDischarged}

// pass returns s without the counters that are not to be believed yet.
func (g *guard) pass(s envoy.Sample) envoy.Sample {
	if g.counters == nil {
		g.counters = map[valueKey]counted{}
	}
	s.Meters = slices.Clone(s.Meters)
	for i := range s.Meters {
		m := &s.Meters[i]
		m.Phases = slices.Clone(m.Phases)
		g.channel(channelKey{m.Measurement, 0}, &m.Total)
		for j := range m.Phases {
			g.channel(channelKey{m.Measurement, j + 1}, &m.Phases[j])
		}
	}
	return s
}

func (g *guard) channel(key channelKey, c *envoy.Channel) {
	for _, q := range counterQuantities {
		v, ok := c.Get(q)
		if !ok {
			continue
		}
		k := valueKey{key, q}
		next, ok := g.counters[k].take(v)
		g.counters[k] = next
		if !ok {
			c.Drop(q)
		}
	}
}

// counted is what a guard knows of a counter.
type counted struct {
	value float64 // what was last let through; zero before that
	doubt int     // answers in a row that were held back and agree
	last  float64 // the last of them
}

// take reports whether v may be published.
func (c counted) take(v float64) (counted, bool) {
	if v < 0 {
		return c, false
	}
	if v > 0 && v >= c.value || v == 0 && c.value == 0 && c.doubt >= agreeing {
		return counted{value: v}, true
	}
	const between = 10 // kWh: more does not flow from one answer to the next
	if c.doubt > 0 && v >= c.last && v < c.last+between {
		c.doubt++
	} else {
		c.doubt = 1
	}
	c.last = v
	if c.doubt < agreeing {
		return c, false
	}
	return counted{value: v, doubt: agreeing, last: v}, true
}
