package hass

import (
	"maps"
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

// A Device keeps the discovery document of one device up to date. One goroutine
// uses it.
//
// An entity is removed in two steps, as Home Assistant requires. The first
// document contains only the entity's platform. After the broker has
// acknowledged it, the second document omits the entity, and its state topic is
// removed.
type Device struct {
	// MayAppear, if not nil, reports whether an entity that only the previous
	// run has published may still appear. Such an entity is not removed yet.
	MayAppear func(id string) bool
	// IsGone, if not nil, reports whether an entity is removed at the first Update
	// without it, because its absence has been confirmed.
	IsGone func(id string) bool

	outbox      *outbox.Outbox
	inbox       *Inbox
	topic       string               // of the document
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
}

// NewDevice returns a device without entities. Its document has the content of
// template and is published under topic. The state topics of the device are base
// and below it; only these are removed.
func NewDevice(o *outbox.Outbox, inbox *Inbox, topic, base string, template Document) *Device {
	inbox.watch(topic)
	return &Device{
		outbox:   o,
		inbox:    inbox,
		topic:    topic,
		base:     base,
		template: &template,
	}
}

// SetInfo replaces the description of the device. The next Update publishes it.
func (d *Device) SetInfo(info DeviceInfo) {
	if !reflect.DeepEqual(info, d.template.Device) {
		template := *d.template
		template.Device = info
		d.template, d.isChanged = &template, true
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
	d.isComplete.Store(!d.isChanged && len(d.removed) == 0 && d.hasRenewedPrevious())
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
	if document, ok := d.inbox.takeDocument(d.topic); ok {
		d.previous.add(document.Components)
		d.isChanged = true
	}
	return d.receiveDeletion()
}

// receiveDeletion reports whether a user has deleted the device.
func (d *Device) receiveDeletion() (deleted bool) {
	if !d.inbox.takeDeletion(d.topic) || d.isDeleted {
		return false
	}
	d.isDeleted, d.isChanged = true, true
	d.outbox.Forget(d.topic) // a reconnect must not publish it again
	return true
}

// HomeAssistantStarted publishes a device again that a user has deleted.
func (d *Device) HomeAssistantStarted(now time.Time) {
	if d.isDeleted {
		d.isDeleted = false
		d.publishIfChanged(now)
	}
}

// forget deletes the document from the outbox. The broker keeps it.
func (d *Device) forget() {
	d.inbox.unwatch(d.topic)
	d.outbox.Forget(d.topic)
}

// remove removes the device from Home Assistant.
func (d *Device) remove() {
	d.inbox.unwatch(d.topic)
	d.outbox.Set(outbox.Retained(outbox.Discovery, d.topic, ""))
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
		old := indexOf(d.entities, e.ID)
		d.isChanged = d.isChanged || old < 0 || !d.entities[old].equal(e)
	}
	d.entities = all
}

// publishIfChanged publishes the document unless it is unchanged or deleted.
func (d *Device) publishIfChanged(now time.Time) {
	if !d.isChanged || d.isDeleted {
		return
	}
	c := content{d.template, d.base, d.entities, maps.Clone(d.removed)}
	d.outbox.Set(outbox.Entry{Topic: d.topic, Encode: c.encode, QoS: 1, Priority: outbox.Discovery})
	d.publishedAt, d.isChanged = now, false
}
