package bridge

import (
	"encoding/json"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
)

// A Memory keeps the counters of gateways over restarts. Data is some kilobytes
// of JSON, a [filter.State].
type Memory interface {
	// Load returns what was last saved for a gateway, or nil.
	Load(serial string) []byte
	// Save replaces it.
	Save(serial string, data []byte) error
}

// saveInterval is how often counters are saved at most. After a restart the
// gateway still has what was counted since.
const saveInterval = time.Minute

// restoreCounters continues the counters of an earlier run.
func (g *gateway) restoreCounters(serial string) {
	if g.feed.Memory == nil {
		return
	}
	var state filter.State
	if data := g.feed.Memory.Load(serial); len(data) > 0 {
		if err := json.Unmarshal(data, &state); err != nil {
			g.log.Warn().Err(err).Msg("what was kept of the counters cannot be read, they begin anew")
			return
		}
	}
	g.filters.counters.Restore(state, g.feed.Client.Correction)
	g.filters.inverters.Restore(state)
	g.filters.storage, g.filters.savedStorage = state.Storage, state.Storage
}

// publishedStorage returns the estimated energies that a restart begins with,
// also after a kill: published ones must not fall.
func (g *gateway) publishedStorage() filter.Integrator {
	if g.feed.Memory == nil {
		return g.filters.storage
	}
	return g.filters.savedStorage
}

// saveCounters saves the counters, once a minute or because it is the last time.
func (g *gateway) saveCounters(last bool) {
	now := time.Now()
	f := &g.filters
	if g.feed.Memory == nil || !f.haveChanged() || !last && now.Sub(g.saved) < saveInterval {
		return
	}
	g.saved, f.savedStorage = now, f.storage
	state := filter.State{Storage: f.storage, Correction: &g.feed.Client.Correction}
	f.counters.Save(&state)
	f.inverters.Save(&state)
	data, err := json.Marshal(state)
	if err != nil {
		panic(err) // finite numbers and strings
	}
	err = g.feed.Memory.Save(g.known(), data)
	f.counters.Changed, f.inverters.Changed = err != nil, false
	if err != nil && !g.saveFailed {
		g.log.Warn().Err(err).Msg("counters not kept: after a restart a fall of a counter would not be noticed")
	}
	g.saveFailed = err != nil
}
