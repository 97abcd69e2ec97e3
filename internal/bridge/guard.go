package bridge

import (
	"math"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A guard keeps counters from falling and from jumping. Home Assistant takes a
// fall for a new meter and adds the whole counter once more, and gateways answer
// a single zero, or an older value, now and then. A leap, a zero at the start
// and the fall of a new meter are believed when three answers in a row agree; any
// other fall holds the old value until the counter has caught up. Another source
// is another counter, which takes over only where the old one stood. Its zero
// value is ready.
type guard struct {
	log       zerolog.Logger
	counters  map[valueKey]counted
	inverters map[string]counted // each inverter's own, by serial number
	number    int                // of inverters; 0 while it is not known
	changed   bool               // since it was last written down
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
	phase int
}

func channelOf(s schema.Sensor) channelKey { return channelKey{s.Meter(), s.Phase()} }

// counterQuantities are the quantities that count.
var counterQuantities = func() (qs []envoy.Quantity) {
	for _, s := range schema.Sensors() {
		if s.IsCounter() && !slices.Contains(qs, s.Quantity()) {
			qs = append(qs, s.Quantity())
		}
	}
	return qs
}()

// pass returns s without the counters that are not to be believed yet. Computed
// counters are computed again from those that are published.
func (g *guard) pass(s envoy.Sample, now time.Time) envoy.Sample {
	if g.counters == nil {
		g.counters = map[valueKey]counted{}
	}
	s.Meters = slices.Clone(s.Meters)
	for i := range s.Meters {
		s.Meters[i].Phases = slices.Clone(s.Meters[i].Phases)
		if s.Meters[i].Counters != envoy.ComputedCounters {
			g.meter(&s.Meters[i], now)
		}
	}
	s.ComputeCounters()
	for i := range s.Meters {
		if s.Meters[i].Counters == envoy.ComputedCounters {
			g.meter(&s.Meters[i], now)
		}
	}
	return s
}

func (g *guard) meter(m *envoy.Meter, now time.Time) {
	g.channel(channelKey{m.Measurement, 0}, &m.Total, m.Counters, now)
	for i := range m.Phases {
		g.channel(channelKey{m.Measurement, i + 1}, &m.Phases[i], m.Counters, now)
	}
}

func (g *guard) channel(key channelKey, c *envoy.Channel, source envoy.Counters, now time.Time) {
	power := float64(housePower)
	if source.OfInverters() && g.number > 0 {
		power = float64(g.number) * inverterPower
	}
	for _, q := range counterQuantities {
		v, ok := c.Get(q)
		if !ok {
			continue
		}
		k := valueKey{key, q}
		next, ok := g.judge(k.topic, g.counters[k], answer{v, source, mayFall(key.meter, source), power, now})
		if g.counters[k] = next; ok {
			c.Set(q, next.Value)
		} else {
			c.Drop(q)
		}
	}
}

// inverter returns the energy of the inverter with a serial number, if it may
// be published.
func (g *guard) inverter(serial string, energy envoy.Told[float64], now time.Time) envoy.Told[float64] {
	v, ok := energy.Get()
	if !ok {
		return energy
	}
	if g.inverters == nil {
		g.inverters = map[string]counted{}
	}
	name := func() string { return "inverter " + serial }
	next, ok := g.judge(name, g.inverters[serial], answer{v, envoy.InverterCounters, false, inverterPower, now})
	if g.inverters[serial] = next; !ok {
		return envoy.Told[float64]{}
	}
	return envoy.Tell(next.Value)
}

// inverterPower is more than an inverter makes on average, in kW.
const inverterPower = 0.5

// mayFall reports whether a counter falls by nature: total consumption that is
// computed from production, import and export falls while a battery exports.
// /production.json does not say whether it is computed.
func mayFall(m envoy.Measurement, source envoy.Counters) bool {
	return m == envoy.TotalConsumption && (source == envoy.EIMCounters || source == envoy.ComputedCounters)
}

// judge is take, and logs what is no ordinary rise.
func (g *guard) judge(name func() string, c counted, r answer) (counted, bool) {
	next, ok := c.take(r)
	g.changed = g.changed || next.Value != c.Value || next.Behind != c.Behind || next.Wraps != c.Wraps
	level, text := zerolog.InfoLevel, ""
	switch {
	case c.Value == 0: // the first answers
	case next.Wraps != c.Wraps && next.Value >= c.Value:
		text = "inverter registers wrapped or were corrected, the counter continues"
	case next.Value > c.Value && r.source.OfInverters() && c.ambiguous(r):
		text = "inverter counter is published as reported, although its registers may have wrapped or been corrected"
	case next.Value < c.Value && !r.falls:
		text = "counter was reset"
	case next.lags() && !c.lags():
		level, text = zerolog.WarnLevel, "counter fell, its old value is held until it has caught up"
	}
	if text != "" {
		g.log.WithLevel(level).Str("counter", name()).Float64("before", c.Value).Float64("reported", r.value).
			Float64("published", next.Value).Int32("wraps", next.Wraps).Msg(text)
	}
	return next, ok
}

// topic is the value's topic below the gateway's, such as grid/l1/energy_import.
func (k valueKey) topic() string {
	return schema.SensorTopic(k.meter, k.phase, k.quantity)
}

// counted is what a guard knows of a counter, of which a gateway has some forty.
// What has a name in JSON outlives a restart.
type counted struct {
	Value  float64        `json:"kwh"`              // what was last let through; zero before that
	At     time.Time      `json:"at"`               // when the counter was last read; zero before that
	Rose   time.Time      `json:"rose,omitzero"`    // when it last rose, of inverters' registers
	Behind float64        `json:"behind,omitempty"` // how far the counter is below Value, which is held, in kWh
	Wraps  int32          `json:"wraps,omitempty"`  // of inverters' registers; below zero where they were corrected upwards
	Source envoy.Counters `json:"source,omitempty"`

	doubt *doubt // nil where nothing is held back
}

// An answer is what a gateway reports of one counter.
type answer struct {
	value  float64 // kWh
	source envoy.Counters
	falls  bool    // by nature
	power  float64 // that it counts, kW at most
	at     time.Time
}

// A doubt is about answers in a row that are held back and agree.
type doubt struct {
	answers int
	since   time.Time // when the first of them came
	last    float64   // the last of them
}

const (
	// wrap is what an inverter's own register, and the sums that contain it,
	// lose at 2^32 J (home-assistant/core#140602), in kWh. Firmware that
	// remembers the wraps adds them again (home-assistant/core#129710).
	wrap = float64(1<<32) / 3.6e6
	// reporting is the longest usual pause between two reports of an inverter.
	reporting = 15 * time.Minute
	// housePower is what a large house's connection carries, in kW.
	housePower = 50
	// slack is how far a counter may always be on, in kWh.
	slack = 10
	// rounding is a fall that means nothing: an older answer, or a rounded one, in kWh.
	rounding = 0.1
)

// last is where the counter was when it was last read, in kWh.
func (c counted) last() float64 { return c.Value - c.Behind }

// lags reports whether the counter is below what is published by more than rounding.
func (c counted) lags() bool { return c.Behind > rounding }

// near is how far c may be on by a time, in kWh.
func (c counted) near(r answer) float64 {
	return slack + r.power*max(0, r.at.Sub(c.At).Hours())
}

// made is what the inverters can have made since the counter last rose, in kWh.
func (c counted) made(r answer) float64 {
	since := c.Rose
	if since.IsZero() {
		since = c.At
	}
	return r.power * max(0, r.at.Sub(since).Hours())
}

// ambiguous reports whether the inverters can have made a whole wrap since then.
func (c counted) ambiguous(r answer) bool { return c.made(r) > wrap }

// continues reports whether r is of the registers that c is of.
func (c counted) continues(r answer) bool {
	return c.Value == 0 || c.Source == r.source || c.Source.OfInverters() && r.source.OfInverters()
}

// unwrap returns how many wraps have to be added to r for it to continue c. It
// also reports whether to wait for that to be certain: the inverters report
// minutes late, so a register may rise by more than was made since it last rose.
func (c counted) unwrap(r answer) (wraps int32, wait bool) {
	switch {
	case !r.source.OfInverters() || !c.continues(r):
		return 0, false
	case c.Value == 0:
		return c.Wraps, false
	}
	rise := r.value + float64(c.Wraps)*wrap - c.last()
	whole := 1e-3 * (math.Abs(math.Round(rise/wrap)) + 1) // each register is a whole number of Wh
	k := -math.Floor((rise + whole) / wrap)
	rest := rise + k*wrap
	switch {
	case k == 0, math.Abs(k) > 1e6, rise < 0 && rise >= -rounding, rise > 0 && c.ambiguous(r):
		return c.Wraps, false
	case rest <= c.made(r):
		return c.Wraps + int32(k), false
	}
	return c.Wraps, rest <= r.power*reporting.Hours()
}

// take returns c after the gateway has reported r, and whether its Value may be
// published now.
func (c counted) take(r answer) (counted, bool) {
	if r.value < 0 {
		return c, false
	}
	if r.source == envoy.ComputedCounters && c.continues(r) {
		return counted{Value: r.value, At: r.at, Source: r.source}, true // its parts have been judged
	}
	wraps, wait := c.unwrap(r)
	if wait {
		return c, true
	}
	v, limit := r.value+float64(wraps)*wrap, c.near(r)
	low := c.last() - rounding
	switch {
	case r.falls:
		low = min(low, c.Value-limit)
	case !c.continues(r):
		low = c.Value
	}
	near := v >= low && (c.Value == 0 || v < c.Value+limit)
	if !near && !c.continues(r) {
		return c, false // another counter, and not where this one stood
	}
	next := counted{Value: v, At: r.at, Wraps: wraps, Source: r.source}
	if !(near && r.value > 0 || v == 0 && c.Value == 0 && !c.At.IsZero()) && !c.agrees(v, r.at) {
		return c, false
	}
	behind := c.Value - v
	switch {
	case !near && v < c.Value && r.value <= limit && r.value < c.Value/2: // a new meter, which has not counted much yet
		next.Value, next.Wraps = r.value, 0
	case behind > 0 && !(r.falls && behind > rounding && behind <= limit):
		next.Value, next.Behind = c.Value, behind
	}
	if r.source.OfInverters() {
		if next.Rose = c.Rose; v > c.last() || c.Rose.IsZero() {
			next.Rose = r.at
		}
	}
	return next, true
}

// agrees takes note of v, which is not to be believed at once, and reports
// whether enough answers agree by now. A fall is no longer in doubt then, and
// either that of a new meter or held.
func (c *counted) agrees(v float64, now time.Time) bool {
	const between = 10 // kWh: more does not flow from one answer to the next
	d := doubt{since: now}
	if c.doubt != nil && v >= c.doubt.last-rounding && v < c.doubt.last+between {
		d = *c.doubt
	}
	d.answers++
	d.last = v
	c.doubt = &d
	return d.answers >= agreeing && (c.Value == 0 || now.Sub(d.since) >= agreeFor)
}
