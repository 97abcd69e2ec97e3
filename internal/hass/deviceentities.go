package hass

import (
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// missingTimeout is the time after which a missing entity is removed. A
	// gateway may omit a meter from single answers.
	missingTimeout = time.Minute
	// processingTime is how long Home Assistant may take to process a document.
	// Until then, entities that it removes still read their state topics, and an
	// empty message there would be an error in Home Assistant's log.
	processingTime = 10 * time.Second
)

// deviceEntities are the entities of one device: those that exist or are missing, and
// those that are being removed.
type deviceEntities struct {
	form      Form
	base      string    // the state topics below base belong to the device
	documents documents // of the device

	all       []Entity             // not removed; replaced, never changed
	missing   map[string]time.Time // when the entity was first missing
	removed   map[string]Component // entities in the first step of removal
	carried   map[string]Component // that only documents in the other form contain
	previous  previousEntities
	isChanged bool // the documents must be published
}

// content returns what the documents contain beside template.
func (d *deviceEntities) content(template *Document) content {
	return content{template, d.base, d.all, maps.Clone(d.removed), maps.Clone(d.carried)}
}

// add adds new and changed entities.
func (d *deviceEntities) add(present []Entity) {
	if slices.Equal(d.all, present) {
		return // the usual case
	}
	all := slices.Clip(present)
	for _, old := range d.all {
		if indexOf(present, old.ID) < 0 {
			all = append(all, old)
		}
	}
	for _, e := range present {
		delete(d.removed, e.ID)
		delete(d.carried, e.ID)
		old := indexOf(d.all, e.ID)
		d.isChanged = d.isChanged || old < 0 || !d.all[old].equal(e)
	}
	d.all = all
}

// addOther adds the entities of a document in the other form. They are in the
// documents of this run until they are renewed, or removed like any other.
func (d *deviceEntities) addOther(components map[string]Component) {
	d.previous.add(components)
	for id, c := range components {
		if indexOf(d.all, id) < 0 && c.UniqueID != "" {
			if d.carried == nil {
				d.carried = map[string]Component{}
			}
			d.carried[id] = c
		}
	}
}

// removeMissing starts the removal of entities that have been missing for
// missingTimeout, or are gone. isGone may be nil.
func (d *deviceEntities) removeMissing(now time.Time, present []Entity, isGone func(id string) bool) {
	if len(present) == len(d.all) {
		clear(d.missing)
		return // the usual case: add has stored all of present
	}
	isPresent := make(map[string]bool, len(present))
	for _, e := range present {
		isPresent[e.ID] = true
		delete(d.missing, e.ID)
	}
	d.all = slices.DeleteFunc(slices.Clone(d.all), func(e Entity) bool {
		if isPresent[e.ID] || !d.isOverdue(now, e.ID) && (isGone == nil || !isGone(e.ID)) {
			return false
		}
		delete(d.missing, e.ID)
		d.startRemoval(e.ID, Component{Platform: e.Component.Platform, StateTopic: e.stateTopic(d.base)})
		return true
	})
}

// isOverdue reports whether an entity has been missing for missingTimeout.
func (d *deviceEntities) isOverdue(now time.Time, id string) bool {
	if d.missing == nil {
		d.missing = map[string]time.Time{}
	}
	if d.missing[id].IsZero() {
		d.missing[id] = now
	}
	return now.Sub(d.missing[id]) >= missingTimeout
}

// removeNotRenewed starts the removal of entities that only the previous run
// has published, and that cannot appear any more. mayAppear may be nil.
func (d *deviceEntities) removeNotRenewed(now time.Time, mayAppear func(id string) bool) {
	d.previous.countUpdate(now)
	if len(d.previous.entities) == 0 || !d.previous.isStable(now) {
		return
	}
	for id, c := range d.previous.entities {
		renewed := d.hasRenewed(id, c)
		if !renewed && mayAppear != nil && mayAppear(id) {
			continue
		}
		delete(d.previous.entities, id)
		if !renewed && c.Platform != "" && (c.UniqueID != "" || d.form == ByEntity) {
			d.startRemoval(id, c)
		}
	}
}

// removePrevious starts the removal of the entities of a document of the previous run
// that this run has not renewed.
func (d *deviceEntities) removePrevious(document Document) {
	for id, c := range document.Components {
		if !d.hasRenewed(id, c) && c.UniqueID != "" {
			d.startRemoval(id, c)
		}
	}
}

// removeCarried starts the removal of the entities that only documents of the other
// form contain.
func (d *deviceEntities) removeCarried() {
	for id, c := range d.carried {
		d.startRemoval(id, c)
	}
}

// hasRenewed reports whether this run publishes an entity of the previous run. The
// topic of an entity's own document contains its platform.
func (d *deviceEntities) hasRenewed(id string, c Component) bool {
	i := indexOf(d.all, id)
	return i >= 0 && (d.form == ByDevice || d.all[i].Component.Platform == c.Platform)
}

// hasRenewedPrevious reports whether this run has published every entity of the
// previous run that has not been removed.
func (d *deviceEntities) hasRenewedPrevious() bool {
	for id := range d.previous.entities {
		if indexOf(d.all, id) < 0 {
			return false
		}
	}
	return true
}

// startRemoval is the first step of a removal.
func (d *deviceEntities) startRemoval(id string, c Component) {
	if d.removed == nil {
		d.removed = map[string]Component{}
	}
	delete(d.carried, id)
	d.removed[id] = c
	d.isChanged = true
	d.documents.addPrevious(id, c)
}

// finishRemoval is the second step. It returns the state topics of the removed
// entities.
func (d *deviceEntities) finishRemoval() (stateTopics []string) {
	for _, c := range d.removed {
		if d.ownsTopic(c.StateTopic) {
			stateTopics = append(stateTopics, c.StateTopic)
		}
	}
	clear(d.removed)
	d.isChanged = d.form == ByDevice // the document still contains the platforms
	slices.Sort(stateTopics)
	return slices.Compact(stateTopics)
}

// ownsTopic reports whether topic may be removed. A retained document may name
// any topic, and another entity may use the same topic.
func (d *deviceEntities) ownsTopic(topic string) bool {
	isUsed := slices.ContainsFunc(d.all, func(e Entity) bool { return e.stateTopic(d.base) == topic })
	return !isUsed && strings.HasPrefix(topic, d.base+"/")
}
