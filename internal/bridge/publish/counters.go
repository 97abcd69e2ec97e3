package publish

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
)

// counters are the filters of one gateway whose state outlives a restart.
type counters struct {
	file         counterFile
	correction   envoy.Correction
	meters       filter.Counters
	perInverter  filter.InverterCounters
	storage      filter.Integrator // energies of batteries without a CT
	savedStorage filter.Integrator // storage when it was last saved
}

// newCounters continues the counters that a previous run has saved.
func newCounters(t *target, saved []byte) *counters {
	c := &counters{
		file: counterFile{
			store: t.config.Counters, serial: t.serial, log: t.log,
			loadFailed: "stored counters cannot be read, starting without them",
			saveFailed: "counters not stored, a restart will not detect a counter that falls",
		},
		correction:  t.config.Correction,
		meters:      filter.Counters{Log: t.log},
		perInverter: filter.InverterCounters{Log: t.log},
	}
	var state filter.State
	if c.file.decode(saved, &state) {
		c.meters.Restore(state, c.correction)
		c.perInverter.Restore(state)
		c.storage, c.savedStorage = state.Storage, state.Storage
	}
	return c
}

// addStorage adds the power of batteries, W, + discharging, to their estimated
// energies.
func (c *counters) addStorage(power float64, at time.Time, maxGap time.Duration) {
	c.storage.Add(power, at, maxGap)
	c.meters.Changed = true
}

// publishedStorage returns the estimated energies that a restart begins with,
// also after a kill: published ones must not fall.
func (c *counters) publishedStorage() filter.Integrator {
	if c.file.store == nil {
		return c.storage
	}
	return c.savedStorage
}

// saveIfDue saves the counters, at most once per saveInterval.
func (c *counters) saveIfDue(now time.Time) {
	if c.file.isDue(now) {
		c.save(now)
	}
}

// save saves the counters if they have changed.
func (c *counters) save(now time.Time) {
	if c.file.store == nil || !c.meters.Changed && !c.perInverter.Changed {
		return
	}
	c.savedStorage = c.storage
	state := filter.State{Storage: c.storage, Correction: &c.correction}
	c.meters.Save(&state)
	c.perInverter.Save(&state)
	c.meters.Changed, c.perInverter.Changed = !c.file.save(now, state), false
}
