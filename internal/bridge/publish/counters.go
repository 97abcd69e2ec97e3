package publish

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
)

// counters are the filtered counters of one gateway, which outlive a restart.
type counters struct {
	filter       filter.Counters
	file         counterFile
	savedStorage filter.Integrator // [filter.Counters.Storage] when it was last saved
}

// newCounters continues the counters that a previous run has saved.
func newCounters(t *target, saved []byte) *counters {
	c := &counters{
		file: counterFile{
			store: t.config.Counters, serial: t.Serial, log: t.log,
			loadFailed: "stored counters cannot be read, starting without them",
			saveFailed: "counters not stored, a restart will not detect a counter that falls",
		},
		filter: filter.Counters{Log: t.log, Correction: t.config.Correction},
	}
	var state filter.State
	if c.file.decode(saved, &state) {
		c.filter.Restore(state)
		c.savedStorage = state.Storage
	}
	return c
}

// publishedStorage returns the estimated energies that a restart begins with,
// also after a kill: published ones must not fall.
func (c *counters) publishedStorage() filter.Integrator {
	if c.file.store == nil {
		return c.filter.Storage()
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
	if c.file.store == nil {
		return
	}
	c.filter.SaveIfChanged(func(s filter.State) bool {
		c.savedStorage = s.Storage
		return c.file.save(now, s)
	})
}
