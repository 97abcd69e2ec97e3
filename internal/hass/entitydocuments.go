package hass

import (
	"maps"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// entityDocuments are the documents of the single entities of a device, see
// [ByEntity].
type entityDocuments struct {
	outbox    *outbox.Outbox
	inbox     *Inbox
	device    documentTopic            // of the whole device, which has no document
	published map[string]announced     // by topic; zero for what must be published again or removed
	deleted   map[string]bool          // topics of entities that a user has deleted
	stored    atomic.Pointer[[]string] // the topics of published, for other goroutines
}

func newEntityDocuments(o *outbox.Outbox, inbox *Inbox, device documentTopic) *entityDocuments {
	return &entityDocuments{outbox: o, inbox: inbox, device: device, published: map[string]announced{}, deleted: map[string]bool{}}
}

// An announced is what the document of one entity contains beside its device: the
// entity, or the whole component of an earlier document in the other form.
type announced struct {
	entity  Entity
	carried Component
}

func (a announced) equal(other announced) bool {
	return a.entity.Component != nil && other.entity.Component != nil && a.entity.equal(other.entity) ||
		a.carried.Platform != "" && reflect.DeepEqual(a.carried, other.carried)
}

func (d *entityDocuments) topic(id string, c *Component) string {
	return d.device.entity(c.Platform, id).String()
}

// wanted returns what the documents must contain, by topic.
func (d *entityDocuments) wanted(c content) map[string]announced {
	wanted := map[string]announced{}
	for id, carried := range c.carried {
		wanted[d.topic(id, &carried)] = announced{carried: carried}
	}
	for _, e := range c.entities {
		wanted[d.topic(e.Component.ID, e.Component)] = announced{entity: e}
	}
	return wanted
}

// publish publishes the documents of new and changed entities, and removes those of
// the others.
func (d *entityDocuments) publish(c content) {
	wanted := d.wanted(c)
	for _, topic := range slices.Sorted(maps.Keys(d.published)) {
		if _, ok := wanted[topic]; !ok {
			d.remove(topic)
		}
	}
	shared := content{template: c.template, info: c.info, base: c.base}
	for _, topic := range slices.Sorted(maps.Keys(wanted)) {
		a := wanted[topic]
		if d.deleted[topic] || a.equal(d.published[topic]) {
			continue
		}
		d.published[topic] = a
		d.inbox.watch(topic)
		d.outbox.Set(outbox.Entry{Topic: topic, Encode: func() []byte { return shared.encodeOne(a) }, Priority: outbox.Discovery})
	}
	d.store()
}

// encodeOne returns the document of one entity.
func (c content) encodeOne(a announced) []byte {
	component := a.carried
	if a.entity.Component != nil {
		component = c.component(a.entity)
	}
	component.Platform = ""
	if component.Availability == nil {
		component.Availability = c.template.Availability
	}
	entity := mustMarshal(component)
	device := mustMarshal(struct {
		Info             *DeviceInfo `json:"device"`
		Origin           Origin      `json:"origin"`
		AvailabilityMode string      `json:"availability_mode"`
	}{c.info, c.template.Origin, c.template.AvailabilityMode})
	entity[len(entity)-1] = ','
	return append(entity, device[1:]...)
}

// store stores a copy of the topics for other goroutines.
func (d *entityDocuments) store() {
	topics := d.topics()
	d.stored.Store(&topics)
}

// remove removes the document of one entity.
func (d *entityDocuments) remove(topic string) {
	delete(d.published, topic)
	delete(d.deleted, topic)
	d.inbox.unwatch(topic)
	d.outbox.Set(outbox.Retained(outbox.Discovery, topic, ""))
}

func (d *entityDocuments) setOutdated() {
	for topic := range d.published {
		d.published[topic] = announced{}
	}
}

func (d *entityDocuments) unload() { clear(d.published) }

func (d *entityDocuments) addPrevious(id string, c Component) {
	topic := d.topic(id, &c)
	if _, known := d.published[topic]; !known {
		d.published[topic] = announced{}
	}
}

func (d *entityDocuments) receiveDeletion() (deleted bool) {
	for topic := range d.published {
		if d.inbox.takeDeletion(topic) {
			delete(d.published, topic)
			d.deleted[topic] = true
			d.outbox.Forget(topic)
			deleted = true
		}
	}
	if deleted {
		d.store()
	}
	return deleted
}

// isDeleted returns false: a device may get further entities.
func (d *entityDocuments) isDeleted() bool { return false }

func (d *entityDocuments) restore() bool {
	wasDeleted := len(d.deleted) > 0
	clear(d.deleted)
	return wasDeleted
}

func (d *entityDocuments) isPublished() bool {
	topics := d.stored.Load()
	return topics != nil && areAcknowledged(d.outbox, *topics)
}

func (d *entityDocuments) isRemoved(entities map[string]Component) bool {
	for id, c := range entities {
		if d.outbox.IsRemoving(d.topic(id, &c)) {
			return false
		}
	}
	return d.isPublished()
}

func (d *entityDocuments) topics() []string { return slices.Collect(maps.Keys(d.published)) }
