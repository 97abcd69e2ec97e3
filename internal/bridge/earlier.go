package bridge

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// An inventory holds the retained discovery documents that earlier runs
// announced, until the gateways they are about are known: none of others, and
// no more of ours than a large installation has.
type inventory struct {
	marks [][]byte // a document of ours has one of these

	mu   sync.Mutex        // guards what follows
	docs map[string]string // by topic
	size int               // of all docs, in bytes
}

const (
	// mostKept is how many bytes of documents are kept, about 1,000 inverters'. A
	// document that does not fit is not compared with what there is.
	mostKept = 6 << 20
	// mostMembers is several times what all objects of a document of ours have.
	mostMembers = 10_000
)

// newInventory returns an inventory of documents that name topics below bases.
func newInventory(bases ...string) *inventory {
	i := &inventory{docs: map[string]string{}}
	for _, base := range bases {
		mark, err := json.Marshal(base + "/")
		if err != nil {
			panic(err) // a string
		}
		i.marks = append(i.marks, bytes.TrimSuffix(mark, []byte(`"`)))
	}
	return i
}

// ours reports whether an earlier run may have announced a document.
func (i *inventory) ours(payload []byte) bool {
	named := slices.ContainsFunc(i.marks, func(mark []byte) bool { return bytes.Contains(payload, mark) })
	var doc announced
	return named && bearable(payload) && json.Unmarshal(payload, &doc) == nil && doc.Origin.Name == originName
}

// bearable reports whether a document can be decoded without much memory.
func bearable(payload []byte) bool { return bytes.Count(payload, []byte(":")) <= mostMembers }

// keep keeps a document if it is ours.
func (i *inventory) keep(topic string, payload []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.drop(topic)
	if size := len(topic) + len(payload); i.size+size <= mostKept && i.ours(payload) {
		i.docs[topic] = string(payload)
		i.size += size
	}
}

// drop forgets a document. The caller holds the lock.
func (i *inventory) drop(topic string) {
	if doc, ok := i.docs[topic]; ok {
		i.size -= len(topic) + len(doc)
		delete(i.docs, topic)
	}
}

// take returns a document, if there is one, and forgets it.
func (i *inventory) take(topic string) (doc string, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	doc, ok = i.docs[topic]
	i.drop(topic)
	return doc, ok
}

// all returns every document by its topic.
func (i *inventory) all() map[string]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return maps.Clone(i.docs)
}

// recall returns, once, what an earlier run announced of the things behind a
// device whose ids begin so, by id.
func (h *house) recall(via, prefix string) iter.Seq2[string, announcement] {
	return func(yield func(string, announcement) bool) {
		for topic, doc := range h.inventory.all() {
			if !strings.HasPrefix(topic, h.topics.Prefix+"/device/"+prefix) || !strings.Contains(doc, `"`+via+`"`) {
				continue
			}
			var a announcement
			if json.Unmarshal([]byte(doc), &a) != nil || a.Device.Via != via || len(a.Device.Identifiers) != 1 {
				continue
			}
			id := a.Device.Identifiers[0]
			if topic != h.topics.Discovery(id) {
				continue
			}
			h.inventory.take(topic)
			if !yield(id, a) {
				return
			}
		}
	}
}

// compareThings compares what an earlier run announced with what is there, once three
// complete answers have told that. The caller holds the lock.
func (g *gateway) compareThings(kind string, known things) {
	if g.rounds[kind] < agreeing {
		return
	}
	prefix := schema.SubDeviceID(kind, "")
	for id, old := range g.house.recall(schema.GatewayID(g.serial), prefix) {
		serial := strings.TrimPrefix(id, prefix)
		s, still := known[serial]
		switch topic := g.house.topics.SubDevice(g.serial, kind, serial); {
		case !still && g.house.isOurs(old, g.serial, kind, serial):
			g.dismiss(id, topic)
		case still:
			s.gone = map[string]string{}
			told := s.components(topic)
			for key, c := range old.Components {
				if _, still := told[key]; !still && c.UniqueID != "" {
					s.gone[key] = c.Platform
				}
			}
			if len(s.gone) > 0 {
				g.introduce(s)
			}
		}
	}
}

// isOurs reports whether a reads the document of a thing where this run or an
// earlier one publishes it.
func (h *house) isOurs(a announcement, gateway, kind, serial string) bool {
	return slices.ContainsFunc(h.bases, func(base string) bool { return a.reads(schema.Topics{Base: base}.SubDevice(gateway, kind, serial)) })
}

// remaining returns the topics of the documents that an earlier run announced of
// things behind these gateways, and this one has neither replaced nor removed.
func (h *house) remaining(gateways []string) (topics []string) {
	for topic, doc := range h.inventory.all() {
		var a announcement
		isBehind := func(sn string) bool { return a.Device.Via == schema.GatewayID(sn) }
		if json.Unmarshal([]byte(doc), &a) == nil && slices.ContainsFunc(gateways, isBehind) && !h.board.hasArrived(topic) {
			topics = append(topics, topic)
		}
	}
	return topics
}

// reads reports whether some entity of a has its state from topic.
func (a announcement) reads(topic string) bool {
	for _, c := range a.Components {
		if c.StateTopic == topic {
			return true
		}
	}
	return false
}
