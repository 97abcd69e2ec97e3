package hass

import (
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// A Device keeps the discovery documents of one device up to date, in the form of
// its inbox. One goroutine uses it.
//
// An entity of [ByDevice] is removed in two steps, as Home Assistant requires. The
// first document contains only the entity's platform. After the broker has
// acknowledged it, the second document omits the entity, and its state topic is
// removed. With [ByEntity], the empty document of the entity is the only step.
type Device struct {
	// MayAppear, if not nil, reports whether an entity that is missing may still
	// appear. Such an entity is not removed yet. isPrevious means that only a previous
	// run has published it.
	MayAppear func(id string, isPrevious bool) bool

	outbox      *outbox.Outbox
	inbox       *Inbox
	template    *Document   // without device and components; many devices share it
	info        *DeviceInfo // replaced, never changed
	entities    deviceEntities
	documents   documents
	migration   migration
	publishedAt time.Time
	isComplete  atomic.Bool // see IsComplete
}

// NewDevice returns a device without entities, whose first identifier is its object id.
// Its document has the content of template, which must not change. The state topics of
// the device are base and below it; only these are removed.
func NewDevice(o *outbox.Outbox, inbox *Inbox, template *Document, info DeviceInfo, base string) *Device {
	d := &Device{outbox: o, inbox: inbox, template: template, info: &info}
	topic := documentTopic{prefix: inbox.Prefix, id: info.id()}
	if inbox.Form == ByDevice {
		d.documents = newDeviceDocument(o, inbox, topic.String())
	} else {
		d.documents = newEntityDocuments(o, inbox, topic)
	}
	d.entities = deviceEntities{form: inbox.Form, base: base, documents: d.documents}
	d.receiveOther()
	return d
}

// SetInfo replaces the description of the device. The next Update publishes it.
func (d *Device) SetInfo(info DeviceInfo) {
	if !reflect.DeepEqual(info, *d.info) {
		d.info, d.entities.isChanged = &info, true
		d.documents.setOutdated() // each document contains it
	}
}

// Update records the entities that exist and publishes the document if it has
// changed. An entity that has been missing for a minute and three updates is removed.
// One of a previous run is missing from the first update on. The entities must not be
// changed afterwards.
func (d *Device) Update(now time.Time, entities []Entity) {
	d.entities.add(entities)
	d.entities.removeMissing(now, entities, d.MayAppear)
	if !d.documents.isDeleted() && now.Sub(d.publishedAt) > minDocumentInterval {
		d.finishRemoval()
		d.publishIfChanged(now)
	}
	d.isComplete.Store(!d.entities.isChanged && !d.IsMigrating() && len(d.entities.removed) == 0 && len(d.entities.previous) == 0)
}

// Add is Update for entities that are never removed because they are missing.
func (d *Device) Add(now time.Time, entities []Entity) {
	d.entities.add(entities)
	d.publishIfChanged(now)
}

// publishIfChanged publishes what has changed, unless a user has deleted the device.
func (d *Device) publishIfChanged(now time.Time) {
	if !d.entities.isChanged || d.documents.isDeleted() || !d.prepareDocuments(now) {
		return
	}
	d.documents.publish(d.entities.content(d.template, d.info))
	d.publishedAt, d.entities.isChanged = now, false
}

// finishRemoval is the second step of the removal of entities. It does nothing until
// the broker has acknowledged the documents of the first step.
func (d *Device) finishRemoval() {
	if len(d.entities.removed) == 0 || d.entities.isChanged || !d.documents.isRemoved(d.entities.removed) {
		return
	}
	d.outbox.RemoveLater(d.entities.finishRemoval(), processingDelay)
}

// IsPublished reports whether the broker has acknowledged the latest documents, or has
// none because a user has deleted the device. Any goroutine may call it.
func (d *Device) IsPublished() bool { return d.documents.isPublished() }

// IsComplete reports whether every entity of the previous run has been published
// again or removed. Any goroutine may call it.
func (d *Device) IsComplete() bool { return d.isComplete.Load() }

// Receive handles what the inbox has received of the device, and reports whether a
// user has deleted it or, with [ByEntity], one of its entities.
func (d *Device) Receive() (deleted bool) {
	d.isComplete.Store(false) // until the next Update; before the document leaves the inbox
	d.receiveOther()
	for topic, payload := range d.inbox.take(d.info.id(), d.inbox.Form) {
		d.entities.addPrevious(componentsOf(topic, payload, d.template.Availability))
		d.entities.isChanged = true
	}
	return d.receiveDeletion()
}

// receiveDeletion reports whether a user has deleted the device, or an entity with
// a document of its own.
func (d *Device) receiveDeletion() (deleted bool) {
	deleted = d.documents.receiveDeletion()
	d.entities.isChanged = d.entities.isChanged || d.documents.isDeleted()
	return deleted
}

// HomeAssistantStarted publishes again what a user has deleted.
func (d *Device) HomeAssistantStarted(now time.Time) {
	if d.documents.restore() {
		d.entities.isChanged = true
		d.publishIfChanged(now)
	}
}

// Forget deletes the documents from the outbox. The broker keeps them.
func (d *Device) Forget() {
	for _, topic := range d.topics() {
		d.inbox.unwatch(topic)
		d.outbox.Forget(topic)
	}
}

// remove removes the device from Home Assistant.
func (d *Device) remove() {
	for _, topic := range d.topics() {
		d.inbox.unwatch(topic)
		d.outbox.Set(outbox.Retained(outbox.Discovery, topic, ""))
	}
}

// topics returns all topics of the device on the broker.
func (d *Device) topics() []string {
	return slices.Concat(d.migration.oldTopics(), d.documents.topics())
}

// RemovePrevious removes the entities that only previous runs have published, for a
// device whose entities have all been added. Their document keeps the platforms: it
// rarely changes again.
func (d *Device) RemovePrevious(now time.Time) {
	for id := range d.entities.previous {
		d.entities.dropPrevious(id)
	}
	d.publishIfChanged(now)
}

// receiveOther takes the device's documents of the other form from the inbox.
func (d *Device) receiveOther() {
	for topic, payload := range d.inbox.take(d.info.id(), otherForm(d.inbox.Form)) {
		d.entities.isChanged = true
		if d.migration.add(topic.String(), payload) {
			d.entities.addPrevious(componentsOf(topic, payload, d.template.Availability))
		}
	}
}

// prepareDocuments takes the next step of a migration, and reports whether the documents
// of this run may be published. If not, Continue must be called.
func (d *Device) prepareDocuments(now time.Time) bool {
	isReady := d.inbox.isReady()
	if isReady {
		d.receiveOther() // now the inbox has all of them
	}
	d.migration.start(isReady)
	if isReady && d.migration.unload(d.outbox, now) {
		d.documents.unload()
		return false
	}
	return isReady && d.migration.finishUnloading(d.outbox, now)
}

// IsMigrating reports whether Continue must be called each second.
func (d *Device) IsMigrating() bool { return d.migration.isActive }

// Continue continues the migration to the form of this run.
func (d *Device) Continue(now time.Time) {
	if !d.migration.isActive {
		return
	}
	d.receiveOther()
	d.publishIfChanged(now)
	isWaiting := d.migration.isUnloading() || now.Sub(d.publishedAt) < minDocumentInterval
	if d.documents.isDeleted() || !isWaiting && !d.entities.isChanged && d.IsPublished() {
		d.migration.finish(d.outbox)
	}
}
