package hass

import "time"

const (
	// Entities of a previous run are removed after stableUpdates updates and
	// stableAfter. The first samples may not contain the counters.
	stableUpdates = 3
	stableAfter   = 9 * time.Second
)

// previousEntities are the entities that a previous run of the program has
// published.
type previousEntities struct {
	entities    map[string]Component
	updates     int // of this run
	firstUpdate time.Time
}

// add adds the entities of a document. It may be a document of this run, which
// lacks those that have not been published again yet.
func (p *previousEntities) add(entities map[string]Component) {
	if p.entities == nil {
		p.entities = map[string]Component{}
	}
	for id, c := range entities {
		if _, known := p.entities[id]; !known {
			p.entities[id] = c
		}
	}
}

// countUpdate records an update of this run.
func (p *previousEntities) countUpdate(now time.Time) {
	if p.updates == 0 {
		p.firstUpdate = now
	}
	p.updates++
}

// isStable reports whether all entities of this run are known.
func (p *previousEntities) isStable(now time.Time) bool {
	return p.updates >= stableUpdates && now.Sub(p.firstUpdate) >= stableAfter
}
