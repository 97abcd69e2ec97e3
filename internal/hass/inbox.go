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
	// maxMembers limits the members of all objects of a document to several times
	// those of our largest, so that decoding one takes little memory.
	maxMembers = 10_000
)

// An Inbox holds the latest message of each discovery topic until the owner of
// the device takes it: the serial number may not be known yet. A message is a
// retained document of a previous run, or empty if a user has deleted the
// device. An Inbox is safe for concurrent use.
type Inbox struct {
	origin string
	marks  [][]byte // one of them is in each document of ours

	mu        sync.Mutex        // guards the fields below
	watched   map[string]bool   // topics of known devices
	deleted   map[string]bool   // topics of known devices that a user has deleted
	documents map[string]string // by topic
	size      int               // bytes of all documents and their topics
}

// NewInbox returns an inbox for documents with the given name of origin that
// contain topics below one of the base topics.
func NewInbox(origin string, bases ...string) *Inbox {
	i := &Inbox{origin: origin, watched: map[string]bool{}, deleted: map[string]bool{}, documents: map[string]string{}}
	for _, base := range bases {
		mark, err := json.Marshal(base + "/")
		if err != nil {
			panic(err) // a string
		}
		i.marks = append(i.marks, bytes.TrimSuffix(mark, []byte(`"`)))
	}
	return i
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
	size := len(topic) + len(payload)
	if i.size+size > maxReceived || !isDecodable(payload) || !i.watched[topic] && !i.isOurs(payload) {
		return false
	}
	i.documents[topic] = string(payload)
	i.size += size
	return true
}

// isOurs reports whether a previous run may have published a document.
func (i *Inbox) isOurs(payload []byte) bool {
	isMarked := slices.ContainsFunc(i.marks, func(mark []byte) bool { return bytes.Contains(payload, mark) })
	var header documentHeader
	return isMarked && json.Unmarshal(payload, &header) == nil && header.Origin.Name == i.origin
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

// takeDocument removes and returns the document of a topic.
func (i *Inbox) takeDocument(topic string) (d Document, ok bool) {
	i.mu.Lock()
	payload, ok := i.documents[topic]
	i.remove(topic)
	i.mu.Unlock()
	return d, ok && json.Unmarshal([]byte(payload), &d) == nil
}

// has reports whether there is a document of a topic.
func (i *Inbox) has(topic string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	_, ok := i.documents[topic]
	return ok
}

// takeSubDevices removes and returns the documents of the sub-devices that c
// describes, by id.
func (i *Inbox) takeSubDevices(c *SubDevicesConfig) map[string]Document {
	found := map[string]Document{}
	for topic, payload := range i.payloads() {
		if !strings.Contains(topic, "/"+c.IDPrefix) || !strings.Contains(payload, `"`+c.Via+`"`) {
			continue // of many documents only few are decoded
		}
		var d Document
		if json.Unmarshal([]byte(payload), &d) != nil || d.Device.ViaDevice != c.Via || len(d.Device.Identifiers) != 1 {
			continue
		}
		if id := d.Device.Identifiers[0]; topic == c.Topic(id) {
			i.takeDocument(topic)
			found[id] = d
		}
	}
	return found
}

// payloads returns the documents by topic.
func (i *Inbox) payloads() map[string]string {
	if i == nil {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return maps.Clone(i.documents)
}

// remove removes the document of topic. The caller holds i.mu.
func (i *Inbox) remove(topic string) {
	if payload, ok := i.documents[topic]; ok {
		i.size -= len(topic) + len(payload)
		delete(i.documents, topic)
	}
}
