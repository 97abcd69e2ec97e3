package hass

import (
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

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
	isActive  bool      // from the first document that had to wait until the end
	documents []string  // old topics with a document
	unloading []string  // old topics whose migrate message is not acknowledged yet
	sentAt    time.Time // when that was sent
	unloaded  []string  // old topics with the migrate message
}

// add adds a retained message of an old topic, and reports whether it is a document.
func (m *migration) add(topic, payload string) (isDocument bool) {
	if isMigrateMessage(payload) {
		m.unloaded = append(m.unloaded, topic)
		return false
	}
	m.documents = append(m.documents, topic)
	return true
}

// start begins the migration if there is something to migrate, or if it is not known
// yet because the retained documents have not been received.
func (m *migration) start(isReceived bool) {
	m.isActive = m.isActive || !isReceived || len(m.documents)+len(m.unloaded) > 0
}

// unload sends the migrate message to old topics with a document, and reports whether
// there are some.
func (m *migration) unload(o *outbox.Outbox, now time.Time) bool {
	if len(m.documents) == 0 {
		return false
	}
	slices.Sort(m.documents)
	for _, topic := range m.documents {
		o.Set(outbox.Retained(outbox.Discovery, topic, migrateMessage))
	}
	m.unloading, m.documents, m.sentAt = append(m.unloading, m.documents...), nil, now
	return true
}

// finishUnloading reports whether the broker has acknowledged all migrate messages,
// which are then sent no more.
func (m *migration) finishUnloading(o *outbox.Outbox, now time.Time) bool {
	if len(m.unloading) == 0 {
		return true
	}
	if now.Sub(m.sentAt) < minDocumentInterval || !areAcknowledged(o, m.unloading) {
		return false
	}
	for _, topic := range m.unloading {
		o.Forget(topic) // a reconnect must not send it after the new documents
	}
	m.unloaded, m.unloading = append(m.unloaded, m.unloading...), nil
	return true
}

// isUnloading reports whether Home Assistant may not have unloaded all old documents.
func (m *migration) isUnloading() bool { return len(m.documents)+len(m.unloading) > 0 }

// finish removes the old topics.
func (m *migration) finish(o *outbox.Outbox) {
	for _, topic := range m.unloaded {
		o.Set(outbox.Retained(outbox.Discovery, topic, ""))
	}
	m.unloaded, m.isActive = nil, false
}

// oldTopics returns the topics of the other form that are not removed yet.
func (m *migration) oldTopics() []string { return slices.Concat(m.documents, m.unloading, m.unloaded) }

// areAcknowledged reports whether the broker has acknowledged the latest message
// of each topic.
func areAcknowledged(o *outbox.Outbox, topics []string) bool {
	return !slices.ContainsFunc(topics, func(topic string) bool { return !o.IsAcknowledged(topic) })
}
