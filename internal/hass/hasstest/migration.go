package hasstest

import (
	"slices"
)

// The migration between a document of the whole device and documents of single
// entities, in the order of the messages.

// An announcement is the document on a topic of the broker.
type announcement struct {
	doc       *document
	entities  map[identity]string // and those of the document that the migrate message replaced
	isUnacked bool
}

// An order checks the order of the messages of a recording.
type order struct {
	checker *checker
	hasAcks bool                     // the recording contains acknowledgements
	held    map[string]*announcement // by topic
	ids     map[identity]string      // the unique ids, ever
	lost    map[identity]*document   // removed without the migrate message
}

func newOrder(c *checker, msgs []Message) *order {
	return &order{
		checker: c,
		hasAcks: slices.ContainsFunc(msgs, func(m Message) bool { return m.Ack }),
		held:    map[string]*announcement{},
		ids:     map[identity]string{},
		lost:    map[identity]*document{},
	}
}

func (o *order) acknowledge(topic string) {
	if a := o.held[topic]; a != nil {
		a.isUnacked = false
	}
}

// add checks the next message.
func (o *order) add(doc *document) {
	old := o.held[doc.topic]
	switch {
	case doc.isMigrate:
		a := &announcement{doc: doc, isUnacked: o.hasAcks}
		if old != nil {
			a.entities = old.entities
		}
		o.held[doc.topic] = a
	case doc.root == nil:
		if old != nil {
			o.removed(old)
		}
		delete(o.held, doc.topic)
	default:
		a := &announcement{doc: doc, entities: doc.entities(), isUnacked: o.hasAcks}
		o.announced(a)
		o.held[doc.topic] = a
	}
	o.checker.component = ""
}

// announced checks a new document.
func (o *order) announced(a *announcement) {
	for _, i := range sortedIdentities(a.entities) {
		o.checker.component = i.key
		if id := o.ids[i]; id != "" && id != a.entities[i] {
			o.checker.add(OwnRule, ruleUniqueID, "unique_id was %q", id)
		}
		o.ids[i] = a.entities[i]
		if lost := o.lost[i]; lost != nil && lost.isEntity() != a.doc.isEntity() {
			o.checker.add(OwnRule, ruleMigrateFirst, "%s was removed without the migrate message", lost.topic)
		}
		delete(o.lost, i)
		for _, other := range o.inOtherForm(a.doc, i) {
			switch {
			case !other.doc.isMigrate:
				o.checker.add(MessageLost, ruleOneForm, "announced on %s too", other.doc.topic)
			case other.isUnacked:
				o.checker.add(OwnRule, ruleAcknowledged, "the migrate message on %s is not acknowledged yet", other.doc.topic)
			}
		}
	}
}

// removed checks the removal of a document.
func (o *order) removed(old *announcement) {
	for _, i := range sortedIdentities(old.entities) {
		o.checker.component = i.key
		others := o.inOtherForm(old.doc, i)
		switch {
		case old.doc.isMigrate && len(others) == 0 && !o.isAnnouncedLater(old.doc):
			o.checker.add(OwnRule, ruleAcknowledged, "removed before it is announced in the other form")
		case old.doc.isMigrate && slices.ContainsFunc(others, func(a *announcement) bool { return a.isUnacked }):
			o.checker.add(OwnRule, ruleAcknowledged, "removed before the new document is acknowledged")
		case !old.doc.isMigrate && slices.ContainsFunc(others, func(a *announcement) bool { return !a.doc.isMigrate }):
			o.checker.add(OwnRule, ruleMigrateFirst, "removed without the migrate message")
		case !old.doc.isMigrate && len(others) == 0:
			o.lost[i] = old.doc
		}
	}
}

// isAnnouncedLater reports whether the device is announced in the other form
// already, without the entity: then the entity itself was removed.
func (o *order) isAnnouncedLater(doc *document) bool {
	for _, a := range o.held {
		if a.doc.id == doc.id && a.doc.isEntity() != doc.isEntity() && !a.doc.isMigrate {
			return true
		}
	}
	return false
}

// inOtherForm returns what is announced of an entity in the other form than doc's.
func (o *order) inOtherForm(doc *document, i identity) (others []*announcement) {
	for _, a := range o.held {
		if _, ok := a.entities[i]; ok && a.doc.isEntity() != doc.isEntity() {
			others = append(others, a)
		}
	}
	return others
}
