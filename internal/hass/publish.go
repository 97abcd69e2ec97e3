package hass

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// publishIfChanged publishes what has changed in the form of this run, unless a
// user has deleted the device.
func (d *Device) publishIfChanged(now time.Time) {
	if !d.isChanged || d.isDeleted || !d.mayPublish(now) {
		return
	}
	if d.inbox.Form == ByEntity {
		d.publishEntities()
	} else {
		d.publishDocument()
	}
	d.publishedAt, d.isChanged = now, false
}

// content returns what the documents contain.
func (d *Device) content() content {
	return content{d.template, d.base, d.entities, maps.Clone(d.removed), maps.Clone(d.migration.carried)}
}

// publishDocument publishes the document of the whole device.
func (d *Device) publishDocument() {
	d.outbox.Set(outbox.Entry{Topic: d.topic, Encode: d.content().encode, QoS: 1, Priority: outbox.Discovery})
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

// wanted returns the documents of single entities by topic.
func (d *Device) wanted() map[string]announced {
	wanted := map[string]announced{}
	for id, c := range d.migration.carried {
		wanted[d.parts.entity(c.Platform, id).String()] = announced{carried: c}
	}
	for _, e := range d.entities {
		wanted[d.parts.entity(e.Component.Platform, e.ID).String()] = announced{entity: e}
	}
	return wanted
}

// publishEntities publishes the documents of new and changed entities, and removes
// those of the others.
func (d *Device) publishEntities() {
	wanted := d.wanted()
	for _, topic := range slices.Sorted(maps.Keys(d.published)) {
		if _, ok := wanted[topic]; !ok {
			d.removeEntity(topic)
		}
	}
	c := content{template: d.template, base: d.base}
	for _, topic := range slices.Sorted(maps.Keys(wanted)) {
		a := wanted[topic]
		if d.deleted[topic] || a.equal(d.published[topic]) {
			continue
		}
		d.published[topic] = a
		d.inbox.watch(topic)
		d.outbox.Set(outbox.Entry{Topic: topic, Encode: func() []byte { return c.encodeOne(a) }, QoS: 1, Priority: outbox.Discovery})
	}
	d.storeTopics()
}

// encodeOne returns the document of one entity.
func (c content) encodeOne(a announced) []byte {
	if a.entity.Component != nil {
		a.carried = c.component(a.entity)
	}
	return c.template.encodeEntity(a.carried)
}

// storeTopics stores a copy of the topics for other goroutines.
func (d *Device) storeTopics() {
	topics := slices.Collect(maps.Keys(d.published))
	d.topics.Store(&topics)
}

// removeEntity removes the document of one entity.
func (d *Device) removeEntity(topic string) {
	delete(d.published, topic)
	delete(d.deleted, topic)
	d.inbox.unwatch(topic)
	d.outbox.Set(outbox.Retained(outbox.Discovery, topic, ""))
}

// IsPublished reports whether the broker has acknowledged the latest documents.
// Any goroutine may call it.
func (d *Device) IsPublished() bool {
	if d.inbox.Form == ByDevice {
		return d.outbox.IsAcknowledged(d.topic)
	}
	topics := d.topics.Load()
	return topics != nil && d.areAcknowledged(*topics)
}

// isRemovalAcknowledged reports whether the broker has acknowledged the removal of
// d.removed.
func (d *Device) isRemovalAcknowledged() bool {
	for id, c := range d.removed {
		if d.inbox.Form == ByEntity && d.outbox.IsRemoving(d.parts.entity(c.Platform, id).String()) {
			return false
		}
	}
	return d.IsPublished()
}

// documentTopics returns all topics of the device on the broker.
func (d *Device) documentTopics() []string {
	topics := d.migration.oldTopics()
	if d.inbox.Form == ByDevice {
		return append(topics, d.topic)
	}
	return slices.AppendSeq(topics, maps.Keys(d.published))
}
