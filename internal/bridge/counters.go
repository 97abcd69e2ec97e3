package bridge

import (
	"encoding/json"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
)

// saveInterval is how often counters are saved at most. After a restart the
// gateway still has what was counted since.
const saveInterval = time.Minute

// counters are the filters of one gateway whose state outlives a restart.
type counters struct {
	*target
	meters       filter.Counters
	perInverter  filter.InverterCounters
	storage      filter.Integrator // energies of batteries without a CT
	savedStorage filter.Integrator // storage when it was last saved
	savedAt      time.Time
	isSaveFailed bool
}

// newCounters continues the counters of a previous run.
func newCounters(t *target) *counters {
	c := &counters{target: t, meters: filter.Counters{Log: t.log}, perInverter: filter.InverterCounters{Log: t.log}}
	if t.config.Counters == nil {
		return c
	}
	var state filter.State
	if data := t.config.Counters.Load(t.serial); len(data) > 0 {
		if err := json.Unmarshal(data, &state); err != nil {
			t.log.Warn().Err(err).Msg("stored counters cannot be read, starting without them")
			return c
		}
	}
	c.meters.Restore(state, t.config.Client.Correction)
	c.perInverter.Restore(state)
	c.storage, c.savedStorage = state.Storage, state.Storage
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
	if c.config.Counters == nil {
		return c.storage
	}
	return c.savedStorage
}

// saveIfDue saves the counters, at most once per saveInterval.
func (c *counters) saveIfDue(now time.Time) {
	if now.Sub(c.savedAt) >= saveInterval {
		c.save(now)
	}
}

// save saves the counters if they have changed.
func (c *counters) save(now time.Time) {
	if c.config.Counters == nil || !c.meters.Changed && !c.perInverter.Changed {
		return
	}
	c.savedAt, c.savedStorage = now, c.storage
	state := filter.State{Storage: c.storage, Correction: &c.config.Client.Correction}
	c.meters.Save(&state)
	c.perInverter.Save(&state)
	data, err := json.Marshal(state)
	if err != nil {
		panic(err) // finite numbers and strings
	}
	err = c.config.Counters.Save(c.serial, data)
	c.meters.Changed, c.perInverter.Changed = err != nil, false
	if err != nil && !c.isSaveFailed {
		c.log.Warn().Err(err).Msg("counters not stored, a restart will not detect a counter that falls")
	}
	c.isSaveFailed = err != nil
}
