package bridge

import (
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A guard keeps counters from falling and from jumping. Home Assistant takes a
// fall for a new meter and adds the whole counter once more, and gateways answer
// a single zero, or an older value, now and then. A fall, a leap and a zero at
// the start are believed when three answers in a row agree. Another source is
// another counter, which takes over only where the old one stood. Its zero
// value is ready.
type guard struct {
	counters map[valueKey]counted
	changed  bool // since it was last written down
}

const agreeing = 3

// agreeFor is how long they must agree besides, where something was counted
// before: three readings a second apart are no more than one moment of a gateway
// that restarts.
const agreeFor = 9 * time.Second

// A valueKey names a value of a channel.
type valueKey struct {
	channelKey
	quantity envoy.Quantity
}

// A channelKey names a meter (phase 0) or one of its phases.
type channelKey struct {
	meter envoy.Measurement
	phase uint8
}

func (p point) channel() channelKey { return channelKey{p.meter(), p.phase} }

// counterQuantities are the rows of quantities that count.
var counterQuantities = func() (qs []envoy.Quantity) {
	for q := range quantities {
		if quantities[q].counter {
			qs = append(qs, envoy.Quantity(q))
		}
	}
	return qs
}()

// pass returns s without the counters that are not to be believed yet.
func (g *guard) pass(s envoy.Sample, now time.Time) envoy.Sample {
	if g.counters == nil {
		g.counters = map[valueKey]counted{}
	}
	s.Meters = slices.Clone(s.Meters)
	for i := range s.Meters {
		m := &s.Meters[i]
		m.Phases = slices.Clone(m.Phases)
		g.channel(channelKey{m.Measurement, 0}, &m.Total, m.Counters, now)
		for j := range m.Phases {
			g.channel(channelKey{m.Measurement, uint8(j + 1)}, &m.Phases[j], m.Counters, now)
		}
	}
	return s
}

func (g *guard) channel(key channelKey, c *envoy.Channel, source envoy.Counters, now time.Time) {
	for _, q := range counterQuantities {
		v, ok := c.Get(q)
		if !ok {
			continue
		}
		k := valueKey{key, q}
		next, ok := g.counters[k].take(v, source, now)
		if next.Value != g.counters[k].Value {
			g.changed = true
		}
		if g.counters[k] = next; ok {
			c.Set(q, next.Value)
		} else {
			c.Drop(q)
		}
	}
}

// topic is the value's topic below the gateway's, such as grid/l1/energy_import.
func (k valueKey) topic() string {
	return pointTopic(k.meter, k.phase, k.quantity)
}

// counted is what a guard knows of a counter, of which a gateway has some forty.
// What has a name in JSON outlives a restart.
type counted struct {
	Value  float64        `json:"kwh"`             // what was last let through; zero before that
	At     time.Time      `json:"at"`              // when that was; zero before that
	Wraps  int32          `json:"wraps,omitempty"` // of the inverters' sum
	Source envoy.Counters `json:"source,omitempty"`

	doubt *doubt // nil where nothing is held back
}

// A doubt is about answers in a row that are held back and agree.
type doubt struct {
	answers int
	since   time.Time // when the first of them came
	last    float64   // the last of them
}

// wrap is what the inverters' sum of /production.json loses at 2^32 J
// (firmware 7.3 to 8.2.127, home-assistant/core#140602), in kWh.
const wrap = float64(1<<32) / 3.6e6

// slack is how far a counter may always be on, in kWh.
const slack = 10

// flow is how much can have been counted since a time, in kWh: what a large
// house's connection carries, and some.
func flow(since, now time.Time) float64 {
	const kW = 50
	return slack + kW*max(0, now.Sub(since).Hours())
}

// take reports whether v, of the given source, may be published, as Value.
func (c counted) take(v float64, source envoy.Counters, now time.Time) (counted, bool) {
	if v < 0 {
		return c, false
	}
	limit := flow(c.At, now)
	if c.Source != source && c.Value > 0 {
		wraps := int32(0)
		if source == envoy.InverterCounters && v < c.Value {
			wraps = int32(min(math.Ceil((c.Value-v)/wrap), math.MaxInt32))
		}
		lifted := v + float64(wraps)*wrap
		if lifted < c.Value || lifted > c.Value+limit || wraps > 0 && lifted > c.Value+slack {
			return c, false // another counter, and not where this one stood
		}
		c.Source, c.Wraps = source, wraps
	}
	if source == envoy.InverterCounters {
		v += float64(c.Wraps) * wrap
		if lifted := v + wrap; v < c.Value && lifted >= c.Value && lifted < c.Value+limit {
			c.Wraps++
			v = lifted
		}
	}
	rises := v > 0 && v >= c.Value && (c.Value == 0 || v < c.Value+limit)
	still := v == 0 && c.Value == 0 && !c.At.IsZero()
	if !rises && !still && !c.agrees(v, now) {
		return c, false
	}
	return counted{Value: v, At: now, Wraps: c.Wraps, Source: source}, true
}

// agrees takes note of v, which is not to be believed at once, and reports
// whether enough answers agree by now.
func (c *counted) agrees(v float64, now time.Time) bool {
	const between = 10 // kWh: more does not flow from one answer to the next
	d := doubt{since: now}
	if c.doubt != nil && v >= c.doubt.last && v < c.doubt.last+between {
		d = *c.doubt
	}
	d.answers++
	d.last = v
	c.doubt = &d
	return d.answers >= agreeing && (c.Value == 0 || now.Sub(d.since) >= agreeFor)
}
