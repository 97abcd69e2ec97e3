package hass

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
)

const (
	// maxReceived limits the bytes of all documents: those of about 1,000
	// inverters. A document that does not fit is discarded.
	maxReceived = 6 << 20
	// maxEntities is the limit for documents of single entities: those of about
	// 300 gateways with three phases.
	maxEntities = 32 << 20
	// maxMembers limits the members of all objects of a document to several times
	// those of our largest, so that decoding one takes little memory.
	maxMembers = 10_000
)

// An Inbox holds the latest message of each discovery topic until the owner of
// the device takes it: the serial number may not be known yet. A message is a
// retained document of a previous run, or empty if a user has deleted the
// device. An Inbox is safe for concurrent use.
type Inbox struct {
	Prefix string // of the topics of documents
	// Form is the form in which this run announces devices. MayMigrate means that a
	// previous run may have used the other form: devices are announced after
	// SetReady. They must not change after the first use.
	Form       Form
	MayMigrate bool
	// IsForeign, if not nil, reports whether another process publishes the device with
	// an identifier. Its documents and those of devices behind it are discarded.
	IsForeign func(id string) bool

	origin string
	marks  [][]byte // one of them is in each document of ours

	mu        sync.Mutex                   // guards the fields below
	watched   map[string]bool              // topics of known devices
	deleted   map[string]bool              // topics of known devices that a user has deleted
	documents map[string]map[string]string // by the device's identifier and by topic
	size      int                          // bytes of all documents and their topics
	ready     bool                         // the retained documents have been received
}

// NewInbox returns an inbox for documents below prefix with the given name of origin
// that contain topics below one of the base topics.
func NewInbox(prefix, origin string, bases ...string) *Inbox {
	i := &Inbox{Prefix: prefix, origin: origin, watched: map[string]bool{}, deleted: map[string]bool{}, documents: map[string]map[string]string{}}
	for _, base := range bases {
		mark, err := json.Marshal(base + "/")
		if err != nil {
			panic(err) // a string
		}
		i.marks = append(i.marks, bytes.TrimSuffix(mark, []byte(`"`)))
	}
	return i
}

// IsDocument reports whether topic is that of a document, in either form.
func (i *Inbox) IsDocument(topic string) bool {
	t, ok := parseTopic(topic)
	return ok && t.prefix == i.Prefix
}

// Put stores a message and reports whether it did. It discards our own
// documents, which the broker sends back without the retain flag, those of
// other programs, documents above the limits, and empty messages on topics that
// no device uses.
func (i *Inbox) Put(topic string, payload []byte, retained bool) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(payload) == 0 {
		i.remove(topic)
		if i.watched[topic] {
			i.deleted[topic] = true
		}
		return i.watched[topic]
	}
	if !retained {
		return false
	}
	i.remove(topic)
	parts, _ := parseTopic(topic)
	limit := maxReceived
	if parts.form() == ByEntity {
		limit = maxEntities
	}
	size := len(topic) + len(payload)
	if i.size+size > limit || !isDecodable(payload) || !i.watched[topic] && !i.isOurs(payload) && !isOurMigration(parts.id, payload) {
		return false
	}
	if i.documents[parts.id] == nil {
		i.documents[parts.id] = map[string]string{}
	}
	i.documents[parts.id][topic] = string(payload)
	i.size += size
	return true
}

// isOurMigration reports whether a message without an origin may be that of a
// migration that a previous run has not finished.
func isOurMigration(id string, payload []byte) bool {
	return (strings.HasPrefix(id, "envoy_") || strings.HasSuffix(id, "_bridge")) && isMigrateMessage(string(payload))
}

// SetReady records that the broker has sent the retained documents, or cannot.
func (i *Inbox) SetReady() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ready = true
}

// isReady reports whether devices may be announced.
func (i *Inbox) isReady() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ready || !i.MayMigrate
}

// take removes and returns the documents of one form of the device with an
// identifier.
func (i *Inbox) take(id string, f Form) map[documentTopic]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	taken := map[documentTopic]string{}
	for topic, payload := range i.documents[id] {
		parts, ok := parseTopic(topic)
		if ok && parts.form() == f {
			taken[parts] = payload
			i.remove(topic)
		}
	}
	return taken
}

// isOurs reports whether a previous run may have published a document.
func (i *Inbox) isOurs(payload []byte) bool {
	isMarked := slices.ContainsFunc(i.marks, func(mark []byte) bool { return bytes.Contains(payload, mark) })
	var header documentHeader
	return isMarked && json.Unmarshal(payload, &header) == nil && header.Origin.Name == i.origin && !i.isForeign(header.Info)
}

// isForeign reports whether a device is one of another process, or behind one.
func (i *Inbox) isForeign(d DeviceInfo) bool {
	return i.IsForeign != nil && (i.IsForeign(d.ViaDevice) || slices.ContainsFunc(d.Identifiers, i.IsForeign))
}

// isDecodable reports whether a document can be decoded without much memory.
func isDecodable(payload []byte) bool { return bytes.Count(payload, []byte(":")) <= maxMembers }

// watch holds deletions of the device with a discovery topic from now on.
func (i *Inbox) watch(topic string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.watched[topic] = true
}

// unwatch discards deletions from now on. It is called before the program itself
// removes the document.
func (i *Inbox) unwatch(topic string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.watched, topic)
	delete(i.deleted, topic)
}

// takeDeletion reports whether a user has deleted the device with a discovery
// topic since the last call.
func (i *Inbox) takeDeletion(topic string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	isDeleted := i.deleted[topic]
	delete(i.deleted, topic)
	return isDeleted
}

// has reports whether there is a document of the device with an identifier.
func (i *Inbox) has(id string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.documents[id]) > 0
}

// payloads returns the documents by topic.
func (i *Inbox) payloads() map[string]string {
	if i == nil {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	all := map[string]string{}
	for _, documents := range i.documents {
		maps.Copy(all, documents)
	}
	return all
}

// discard removes the document of topic.
func (i *Inbox) discard(topic string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.remove(topic)
}

// remove removes the document of topic. The caller holds i.mu.
func (i *Inbox) remove(topic string) {
	parts, _ := parseTopic(topic)
	payload, ok := i.documents[parts.id][topic]
	if !ok {
		return
	}
	i.size -= len(topic) + len(payload)
	if delete(i.documents[parts.id], topic); len(i.documents[parts.id]) == 0 {
		delete(i.documents, parts.id)
	}
}
