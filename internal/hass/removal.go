package hass

import (
	"slices"
	"strings"
	"time"
)

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

// removeMissing starts the removal of entities that have been missing for
// missingTimeout, or are gone.
func (d *Device) removeMissing(now time.Time, present []Entity) {
	if len(present) == len(d.entities) {
		clear(d.missing)
		return // the usual case: addEntities has stored all of present
	}
	isPresent := make(map[string]bool, len(present))
	for _, e := range present {
		isPresent[e.ID] = true
		delete(d.missing, e.ID)
	}
	d.entities = slices.DeleteFunc(slices.Clone(d.entities), func(e Entity) bool {
		if isPresent[e.ID] || !d.isOverdue(now, e.ID) {
			return false
		}
		delete(d.missing, e.ID)
		d.startRemoval(e.ID, Component{Platform: e.Component.Platform, StateTopic: e.stateTopic(d.base)})
		return true
	})
}

// isOverdue reports whether an entity that is missing must be removed.
func (d *Device) isOverdue(now time.Time, id string) bool {
	if d.missing == nil {
		d.missing = map[string]time.Time{}
	}
	if d.missing[id].IsZero() {
		d.missing[id] = now
	}
	isGone := d.IsGone != nil && d.IsGone(id)
	return isGone || now.Sub(d.missing[id]) >= missingTimeout
}

// removeNotRenewed starts the removal of entities that only the previous run
// has published.
func (d *Device) removeNotRenewed(now time.Time) {
	d.previous.countUpdate(now)
	if len(d.previous.entities) == 0 || !d.previous.isStable(now) {
		return
	}
	for id, c := range d.previous.entities {
		renewed := d.hasRenewed(id, c)
		if !renewed && d.MayAppear != nil && d.MayAppear(id) {
			continue
		}
		delete(d.previous.entities, id)
		if !renewed && c.Platform != "" && (c.UniqueID != "" || d.inbox.Form == ByEntity) {
			d.startRemoval(id, c)
		}
	}
}

// hasRenewed reports whether this run publishes an entity of the previous run. The
// topic of an entity's own document contains its platform.
func (d *Device) hasRenewed(id string, c Component) bool {
	i := indexOf(d.entities, id)
	return i >= 0 && (d.inbox.Form == ByDevice || d.entities[i].Component.Platform == c.Platform)
}

// hasRenewedPrevious reports whether this run has published every entity of the
// previous run that has not been removed.
func (d *Device) hasRenewedPrevious() bool {
	for id := range d.previous.entities {
		if indexOf(d.entities, id) < 0 {
			return false
		}
	}
	return true
}

// startRemoval is the first step of a removal.
func (d *Device) startRemoval(id string, c Component) {
	if d.removed == nil {
		d.removed = map[string]Component{}
	}
	delete(d.migration.carried, id)
	d.removed[id] = c
	d.isChanged = true
	topic := d.parts.entity(c.Platform, id).String()
	if _, known := d.published[topic]; d.inbox.Form == ByEntity && !known {
		d.published[topic] = announced{} // by a previous run
	}
}

// finishRemoval is the second step. It does nothing until the broker has
// acknowledged the document of the first step.
func (d *Device) finishRemoval() {
	if len(d.removed) == 0 || d.isChanged || !d.isRemovalAcknowledged() {
		return
	}
	var topics []string
	for _, c := range d.removed {
		if d.ownsTopic(c.StateTopic) {
			topics = append(topics, c.StateTopic)
		}
	}
	slices.Sort(topics)
	d.outbox.RemoveLater(slices.Compact(topics), processingTime)
	clear(d.removed)
	d.isChanged = d.inbox.Form == ByDevice
}

// ownsTopic reports whether topic may be removed. A retained document may name
// any topic, and another entity may use the same topic.
func (d *Device) ownsTopic(topic string) bool {
	isUsed := slices.ContainsFunc(d.entities, func(e Entity) bool { return e.stateTopic(d.base) == topic })
	return !isUsed && strings.HasPrefix(topic, d.base+"/")
}
