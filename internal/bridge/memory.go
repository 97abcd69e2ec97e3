package bridge

import (
	"encoding/json"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A Memory keeps what a gateway's counters have come to over restarts. Data is
// some kilobytes of JSON.
type Memory interface {
	// Load returns what was last saved for a gateway; nil for nothing.
	Load(serial string) []byte
	// Save replaces it.
	Save(serial string, data []byte) error
}

// saving is how often counters are written down at most. What was counted
// after that is in the gateway still.
const saving = time.Minute

// recall takes up where an earlier run left the counters.
func (g *gateway) recall(serial string) {
	if g.feed.Memory == nil {
		return
	}
	var doc kept
	if data := g.feed.Memory.Load(serial); len(data) > 0 {
		if err := json.Unmarshal(data, &doc); err != nil {
			g.log.Warn().Err(err).Msg("what was kept of the counters cannot be read, they begin anew")
			return
		}
	}
	g.estimate, g.kept = doc.Storage, doc.Storage
	g.guard.inverters, g.guard.number = doc.Inverters, doc.Number
	g.guard.counters = map[valueKey]counted{}
	corrected := doc.Correction != nil && !doc.Correction.Equal(g.feed.Client.Correction)
	for _, s := range schema.Sensors() {
		if corrected && (s.Meter() == envoy.NetConsumption || s.Meter() == envoy.TotalConsumption) {
			continue // with another factor it is another counter
		}
		if c, ok := doc.Counters[s.Topic()]; ok {
			g.guard.counters[valueKey{channelOf(s), s.Quantity()}] = c
		}
	}
}

// kept is what outlives a restart of a gateway's.
type kept struct {
	Counters  map[string]counted `json:"counters"`                  // by topic
	Inverters map[string]counted `json:"inverters,omitempty"`       // their own energies, by serial number
	Number    int                `json:"inverter_number,omitempty"` // of inverters
	Storage   estimate           `json:"estimated_storage"`

	Correction *envoy.Correction `json:"correction,omitempty"` // of the grid's counters; nil in older files
}

// keptEstimate is the estimate that a restart begins with, also after a kill: one
// that is published may not fall.
func (g *gateway) keptEstimate() estimate {
	if g.feed.Memory == nil {
		return g.estimate
	}
	return g.kept
}

// save writes the counters down, once a minute or because it is the last time.
func (g *gateway) save(last bool) {
	now := time.Now()
	if g.feed.Memory == nil || !g.guard.changed || !last && now.Sub(g.saved) < saving {
		return
	}
	g.saved, g.kept = now, g.estimate
	doc := kept{map[string]counted{}, g.guard.inverters, g.guard.number, g.estimate, &g.feed.Client.Correction}
	for k, c := range g.guard.counters {
		if c.Value > 0 {
			doc.Counters[k.topic()] = c
		}
	}
	data, err := json.Marshal(doc)
	if err != nil {
		panic(err) // finite numbers and strings
	}
	err = g.feed.Memory.Save(g.known(), data)
	g.guard.changed = err != nil
	if err != nil && !g.unsaved {
		g.log.Warn().Err(err).Msg("counters not kept: after a restart a fall of a counter would not be noticed")
	}
	g.unsaved = err != nil
}
