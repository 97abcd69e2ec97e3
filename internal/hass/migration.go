package hass

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// migrateMessage takes the place of a document. Home Assistant then unloads its
// entities, keeps their ids, settings and statistics, and lets a document of the
// other form announce them again. It is retained, so that the broker never holds
// documents of both forms.
const migrateMessage = `{"migrate_discovery":true}`

// isMigrateMessage reports whether payload takes the place of a document.
func isMigrateMessage(payload string) bool {
	var m struct {
		Migrate bool `json:"migrate_discovery"`
	}
	return len(payload) < 100 && json.Unmarshal([]byte(payload), &m) == nil && m.Migrate
}

// A migration replaces the documents of one device in the form of a previous run
// by those in the form of this run:
//
//  1. Each old topic gets the migrate message.
//  2. After the broker has acknowledged these, the new documents are published.
//  3. After the broker has acknowledged them too, the old topics are removed.
//
// A run that ends in between leaves retained messages from which the next run
// continues, in either direction.
type migration struct {
	isActive  bool                 // from the first document that had to wait until the end
	documents []string             // old topics with a document
	unloading []string             // old topics whose migrate message is not acknowledged yet
	sentAt    time.Time            // when that was sent
	unloaded  []string             // old topics with the migrate message
	carried   map[string]Component // entities that only the old documents contain
}

// receiveOther takes the device's documents of the other form from the inbox.
func (d *Device) receiveOther() {
	m := &d.migration
	for topic, payload := range d.inbox.take(d.parts.id, otherForm(d.inbox.Form)) {
		d.isChanged = true
		if isMigrateMessage(payload) {
			m.unloaded = append(m.unloaded, topic.String())
			continue
		}
		m.documents = append(m.documents, topic.String())
		components := componentsOf(topic, payload, d.template.Availability)
		d.previous.add(components)
		for id, c := range components {
			if indexOf(d.entities, id) < 0 && c.UniqueID != "" {
				m.carry(id, c)
			}
		}
	}
}

// carry adds an entity to the documents of this run, until it is renewed or
// removed like any other.
func (m *migration) carry(id string, c Component) {
	if m.carried == nil {
		m.carried = map[string]Component{}
	}
	m.carried[id] = c
}

// mayPublish reports whether the documents of this run may be published. If not,
// Continue must be called.
func (d *Device) mayPublish(now time.Time) bool {
	m := &d.migration
	m.isActive = m.isActive || !d.inbox.isReady() || len(m.documents)+len(m.unloaded) > 0
	switch {
	case !d.inbox.isReady():
		return false
	case len(m.documents) > 0:
		slices.Sort(m.documents)
		for _, topic := range m.documents {
			d.outbox.Set(outbox.Retained(outbox.Discovery, topic, migrateMessage))
		}
		m.unloading, m.documents, m.sentAt = append(m.unloading, m.documents...), nil, now
		clear(d.published) // all is published again
		return false
	case len(m.unloading) == 0:
		return true
	case now.Sub(m.sentAt) < minDocumentInterval || !d.areAcknowledged(m.unloading):
		return false
	}
	for _, topic := range m.unloading {
		d.outbox.Forget(topic) // a reconnect must not send it after the new documents
	}
	m.unloaded, m.unloading = append(m.unloaded, m.unloading...), nil
	return true
}

// areAcknowledged reports whether the broker has acknowledged the latest message
// of each topic.
func (d *Device) areAcknowledged(topics []string) bool {
	return !slices.ContainsFunc(topics, func(topic string) bool { return !d.outbox.IsAcknowledged(topic) })
}

// IsMigrating reports whether Continue must be called each second.
func (d *Device) IsMigrating() bool { return d.migration.isActive }

// Continue continues the migration to the form of this run.
func (d *Device) Continue(now time.Time) {
	m := &d.migration
	if !m.isActive {
		return
	}
	d.receiveOther()
	d.publishIfChanged(now)
	isWaiting := len(m.documents)+len(m.unloading) > 0 || now.Sub(d.publishedAt) < minDocumentInterval
	if !d.isDeleted && (isWaiting || d.isChanged || !d.IsPublished()) {
		return
	}
	for _, topic := range m.unloaded {
		d.outbox.Set(outbox.Retained(outbox.Discovery, topic, ""))
	}
	m.unloaded, m.isActive = nil, false
}

// removeCarried removes the entities that only documents of the other form contained.
func (d *Device) removeCarried(now time.Time) {
	for id, c := range d.migration.carried {
		d.startRemoval(id, c)
	}
	d.publishIfChanged(now)
}

// oldTopics returns the topics of the other form that are not removed yet.
func (m *migration) oldTopics() []string { return slices.Concat(m.documents, m.unloading, m.unloaded) }

func otherForm(f Form) Form {
	if f == ByDevice {
		return ByEntity
	}
	return ByDevice
}

// componentsOf returns the entities of a document by object id. Those that have
// inherited its availability have none of their own.
func componentsOf(topic documentTopic, payload string, inherited []Availability) map[string]Component {
	if topic.form() == ByDevice {
		var d Document
		_ = json.Unmarshal([]byte(payload), &d) // a document that cannot be read has no entities
		return d.Components
	}
	var c Component
	_ = json.Unmarshal([]byte(payload), &c)
	c.Platform = topic.platform
	if slices.Equal(c.Availability, inherited) {
		c.Availability = nil
	}
	return map[string]Component{topic.key: c}
}
