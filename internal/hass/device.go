package hass

import (
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

const (
	// missingTimeout is the time after which a missing entity is removed. A
	// gateway may omit a meter from single answers.
	missingTimeout = time.Minute
	// minDocumentInterval separates two documents, so that Home Assistant
	// processes the first before it receives the second.
	minDocumentInterval = time.Second
	// processingTime is how long Home Assistant may take to process a document.
	// Until then, entities that it removes still read their state topics, and an
	// empty message there would be an error in Home Assistant's log.
	processingTime = 10 * time.Second
)

// A Device keeps the discovery documents of one device up to date, in the form of
// its inbox. One goroutine uses it.
//
// An entity of [ByDevice] is removed in two steps, as Home Assistant requires. The
// first document contains only the entity's platform. After the broker has
// acknowledged it, the second document omits the entity, and its state topic is
// removed. With [ByEntity], the empty document of the entity is the only step.
type Device struct {
	// MayAppear, if not nil, reports whether an entity that only the previous
	// run has published may still appear. Such an entity is not removed yet.
	MayAppear func(id string) bool
	// IsGone, if not nil, reports whether an entity is removed at the first Update
	// without it, because its absence has been confirmed.
	IsGone func(id string) bool

	outbox      *outbox.Outbox
	inbox       *Inbox
	topic       string               // of the document of the whole device
	parts       documentTopic        // of topic
	base        string               // the state topics below base belong to the device
	template    *Document            // without components; replaced, never changed
	entities    []Entity             // replaced, never changed
	missing     map[string]time.Time // when the entity was first missing
	removed     map[string]Component // entities in the first step of removal
	previous    previousEntities
	publishedAt time.Time
	isChanged   bool        // the document must be published
	isDeleted   bool        // by a user in Home Assistant
	isComplete  atomic.Bool // see IsComplete
	migration   migration

	// With ByEntity:
	published map[string]announced     // by topic; zero for what must be published again or removed
	deleted   map[string]bool          // topics of entities that a user has deleted
	topics    atomic.Pointer[[]string] // those of published, for other goroutines
}

// NewDevice returns a device without entities. Its document has the content of
// template and is published under topic. The state topics of the device are base
// and below it; only these are removed.
func NewDevice(o *outbox.Outbox, inbox *Inbox, topic, base string, template Document) *Device {
	d := &Device{
		outbox:   o,
		inbox:    inbox,
		topic:    topic,
		base:     base,
		template: &template,
	}
	d.parts, _ = parseTopic(topic)
	if inbox.Form == ByDevice {
		inbox.watch(topic)
	} else {
		d.published, d.deleted = map[string]announced{}, map[string]bool{}
	}
	d.receiveOther()
	return d
}

// SetInfo replaces the description of the device. The next Update publishes it.
func (d *Device) SetInfo(info DeviceInfo) {
	if !reflect.DeepEqual(info, d.template.Device) {
		template := *d.template
		template.Device = info
		d.template, d.isChanged = &template, true
		for topic := range d.published {
			d.published[topic] = announced{} // each document contains it
		}
	}
}

// Update records the entities that exist and publishes the document if it has
// changed. An entity that is gone, or has been missing for a minute, is removed.
// The entities must not be changed afterwards.
func (d *Device) Update(now time.Time, entities []Entity) {
	d.addEntities(entities)
	d.removeMissing(now, entities)
	d.removeNotRenewed(now)
	if !d.isDeleted && now.Sub(d.publishedAt) > minDocumentInterval {
		d.finishRemoval()
		d.publishIfChanged(now)
	}
	d.isComplete.Store(!d.isChanged && !d.IsMigrating() && len(d.removed) == 0 && d.hasRenewedPrevious())
}

// Add is Update for entities that are never removed because they are missing.
func (d *Device) Add(now time.Time, entities []Entity) {
	d.addEntities(entities)
	d.publishIfChanged(now)
}

// IsComplete reports whether every entity of the previous run has been published
// again or removed. Any goroutine may call it.
func (d *Device) IsComplete() bool { return d.isComplete.Load() }

// Receive handles the device's message in the inbox, if there is one, and
// reports whether a user has deleted the device.
func (d *Device) Receive() (deleted bool) {
	d.isComplete.Store(false) // until the next Update; before the document leaves the inbox
	d.receiveOther()
	for topic, payload := range d.inbox.take(d.parts.id, d.inbox.Form) {
		d.previous.add(componentsOf(topic, payload, d.template.Availability))
		d.isChanged = true
	}
	return d.receiveDeletion()
}

// receiveDeletion reports whether a user has deleted the device, or an entity with
// a document of its own.
func (d *Device) receiveDeletion() (deleted bool) {
	if d.inbox.Form == ByEntity {
		return d.receiveEntityDeletions()
	}
	if !d.inbox.takeDeletion(d.topic) || d.isDeleted {
		return false
	}
	d.isDeleted, d.isChanged = true, true
	d.outbox.Forget(d.topic) // a reconnect must not publish it again
	return true
}

// receiveEntityDeletions reports whether a user has deleted entities.
func (d *Device) receiveEntityDeletions() (deleted bool) {
	for topic := range d.published {
		if d.inbox.takeDeletion(topic) {
			delete(d.published, topic)
			d.deleted[topic] = true
			d.outbox.Forget(topic)
			deleted = true
		}
	}
	if deleted {
		d.storeTopics()
	}
	return deleted
}

// HomeAssistantStarted publishes again what a user has deleted.
func (d *Device) HomeAssistantStarted(now time.Time) {
	if d.isDeleted || len(d.deleted) > 0 {
		d.isDeleted, d.isChanged = false, true
		clear(d.deleted)
		d.publishIfChanged(now)
	}
}

// Forget deletes the documents from the outbox. The broker keeps them.
func (d *Device) Forget() {
	for _, topic := range d.documentTopics() {
		d.inbox.unwatch(topic)
		d.outbox.Forget(topic)
	}
}

// remove removes the device from Home Assistant.
func (d *Device) remove() {
	for _, topic := range d.documentTopics() {
		d.inbox.unwatch(topic)
		d.outbox.Set(outbox.Retained(outbox.Discovery, topic, ""))
	}
}

// addEntities adds new and changed entities.
func (d *Device) addEntities(present []Entity) {
	if slices.Equal(d.entities, present) {
		return // the usual case
	}
	all := slices.Clip(present)
	for _, old := range d.entities {
		if indexOf(present, old.ID) < 0 {
			all = append(all, old)
		}
	}
	for _, e := range present {
		delete(d.removed, e.ID)
		delete(d.migration.carried, e.ID)
		old := indexOf(d.entities, e.ID)
		d.isChanged = d.isChanged || old < 0 || !d.entities[old].equal(e)
	}
	d.entities = all
}
