package filter

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// InverterCounters keeps the lifetime energy of each inverter from falling and
// from jumping, as [Counters] does for those of meters. An inverter's register
// wraps at 2^32 J with firmware 7.3 to 8.2.127; its published energy continues.
type InverterCounters struct {
	Log zerolog.Logger // of falls, resets and wraps

	// Changed is set when the state that outlives a restart has changed. The
	// caller clears it when it has saved the state.
	Changed bool

	states map[string]counterState // by serial number
}

// Apply returns i, without its lifetime energy if that must not be published
// yet. now is the time of the report.
func (c *InverterCounters) Apply(i device.Inverter, now time.Time) device.Inverter {
	v, ok := i.Energy.Get()
	if !ok {
		return i
	}
	if c.states == nil {
		c.states = map[string]counterState{}
	}
	old := c.states[i.Serial]
	r := reading{value: v, source: envoy.InverterCounters, maxPower: maxInverterPower, at: now}
	next, ok := old.accept(r)
	if j, ok := old.jumpOf(r, next); ok {
		j.counter = "inverter " + i.Serial
		j.log(c.Log)
	}
	c.states[i.Serial] = next
	c.Changed = c.Changed || next.isWorthSaving(old)
	i.Energy = wire.Optional[float64]{}
	if ok {
		i.Energy = wire.Some(next.Value)
	}
	return i
}
