package hass

import (
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// An entity is removed after it has been missing for missingUpdates and
	// missingTimeout. A gateway may omit a meter from single answers, and the first
	// samples may not contain the counters.
	missingUpdates = 3
	missingTimeout = time.Minute
	// processingDelay is how long Home Assistant may take to process a document.
	// Until then, entities that it removes still read their state topics, and an
	// empty message there would be an error in Home Assistant's log.
	processingDelay = 10 * time.Second
)

// deviceEntities are the entities of one device: those that exist or are missing, and
// those that are being removed.
type deviceEntities struct {
	form      Form
	base      string    // the state topics below base belong to the device
	documents documents // of the device

	all       []Entity             // not removed; replaced, never changed
	previous  map[string]Component // that only previous runs have published
	missing   map[string]absence   // those of all and previous that the latest update lacked
	removed   map[string]Component // entities in the first step of removal
	isChanged bool                 // the documents must be published
}

// An absence is how long an entity has been missing.
type absence struct {
	since   time.Time
	updates int // in a row that lacked it
}

// content returns what the documents contain. Entities of previous runs stay in them
// until they are removed, so that the next run knows them too.
func (d *deviceEntities) content(template *Document, info *DeviceInfo) content {
	carried := maps.Clone(d.previous)
	maps.DeleteFunc(carried, func(id string, c Component) bool {
		_, isRemoved := d.removed[id]
		return isRemoved || c.UniqueID == "" || indexOf(d.all, id) >= 0
	})
	return content{template, info, d.base, d.all, maps.Clone(d.removed), carried}
}

// add adds new and changed entities.
func (d *deviceEntities) add(present []Entity) {
	if slices.Equal(d.all, present) {
		return // the usual case
	}
	all := slices.Clip(present)
	for _, old := range d.all {
		if indexOf(present, old.Component.ID) < 0 {
			all = append(all, old)
		}
	}
	for _, e := range present {
		delete(d.removed, e.Component.ID)
		old := indexOf(d.all, e.Component.ID)
		d.isChanged = d.isChanged || old < 0 || !d.all[old].equal(e)
	}
	d.all = all
}

// addPrevious adds the entities of a document of a previous run. It may be a document
// of this run, which lacks those that have not been published again yet.
func (d *deviceEntities) addPrevious(components map[string]Component) {
	if d.previous == nil {
		d.previous = map[string]Component{}
	}
	for id, c := range components {
		if _, known := d.previous[id]; !known {
			d.previous[id] = c
		}
	}
}

// removeMissing starts the removal of entities that have been missing for long enough,
// unless they may appear. mayAppear may be nil.
func (d *deviceEntities) removeMissing(now time.Time, present []Entity, mayAppear func(id string, isPrevious bool) bool) {
	if len(present) == len(d.all) && len(d.previous) == 0 {
		clear(d.missing)
		return // the usual case: add has stored all of present
	}
	isPresent := make(map[string]bool, len(present))
	for _, e := range present {
		isPresent[e.Component.ID] = true
		delete(d.missing, e.Component.ID)
	}
	isGone := func(id string, isPrevious bool) bool {
		return d.countMissing(now, id) && (mayAppear == nil || !mayAppear(id, isPrevious))
	}
	d.all = slices.DeleteFunc(slices.Clone(d.all), func(e Entity) bool {
		if isPresent[e.Component.ID] || !isGone(e.Component.ID, false) {
			return false
		}
		d.startRemoval(e.Component.ID, Component{Platform: e.Component.Platform, StateTopic: e.Component.stateTopic(d.base)})
		return true
	})
	for id := range d.previous {
		if indexOf(d.all, id) >= 0 || isGone(id, true) {
			d.dropPrevious(id)
		}
	}
}

// countMissing counts an update that lacks an entity, and reports whether the entity
// has been missing for long enough to be removed.
func (d *deviceEntities) countMissing(now time.Time, id string) bool {
	if d.missing == nil {
		d.missing = map[string]absence{}
	}
	m := d.missing[id]
	if m.updates == 0 {
		m.since = now
	}
	m.updates++
	d.missing[id] = m
	return m.updates >= missingUpdates && now.Sub(m.since) >= missingTimeout
}

// dropPrevious ends the wait for an entity of a previous run: if this run has not
// published it again, its removal starts.
func (d *deviceEntities) dropPrevious(id string) {
	c := d.previous[id]
	delete(d.previous, id)
	i := indexOf(d.all, id)
	// The topic of an entity's own document contains its platform.
	isRenewed := i >= 0 && (d.form == ByDevice || d.all[i].Component.Platform == c.Platform)
	if !isRenewed && c.Platform != "" && (c.UniqueID != "" || d.form == ByEntity) {
		d.startRemoval(id, c)
	}
}

// startRemoval is the first step of a removal.
func (d *deviceEntities) startRemoval(id string, c Component) {
	if d.removed == nil {
		d.removed = map[string]Component{}
	}
	delete(d.missing, id)
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
	isUsed := slices.ContainsFunc(d.all, func(e Entity) bool { return e.Component.stateTopic(d.base) == topic })
	return !isUsed && strings.HasPrefix(topic, d.base+"/")
}
