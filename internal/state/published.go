package state

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
)

// A PublishedStore keeps under which topics of which broker retained messages
// were published, so that they can be removed after a change of the
// configuration. It is safe for concurrent use.
type PublishedStore struct {
	path   string
	broker string // host:port of the current broker

	mu        sync.Mutex // guards the fields below
	all       []publishedOn
	isUnsaved bool // the last attempt to write failed
}

// PublishedTopics are topics below which retained messages were published.
type PublishedTopics struct {
	Topic   string   `json:"topic"`             // the key TOPIC
	Prefix  string   `json:"prefix,omitempty"`  // of discovery; empty if discovery was off
	Serials []string `json:"serials,omitempty"` // of the gateways
	// ByEntity means that entities were announced one by one.
	ByEntity bool `json:"entities,omitempty"`
}

type publishedOn struct {
	Broker string `json:"broker"`
	PublishedTopics
}

// NewPublishedStore reads the store in dir. broker is the host:port of the
// current broker. A file that cannot be read counts as empty.
func NewPublishedStore(dir, broker string) *PublishedStore {
	path := filepath.Join(dir, "published.json")
	return &PublishedStore{path: path, broker: broker, all: readJSON[[]publishedOn](path)}
}

// Topics returns all topics on the current broker.
func (p *PublishedStore) Topics() []PublishedTopics {
	p.mu.Lock()
	defer p.mu.Unlock()
	var topics []PublishedTopics
	for _, t := range p.all {
		if t.Broker == p.broker {
			t.Serials = slices.Clone(t.Serials)
			topics = append(topics, t.PublishedTopics)
		}
	}
	return topics
}

// Add stores that gateways are published under a topic and prefix, and whether their
// entities are announced one by one. What was stored of these topics remains. Empty
// serial numbers are ignored. After an error, the next call tries again.
func (p *PublishedStore) Add(added PublishedTopics) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.index(added.Topic, added.Prefix)
	changed := i < 0
	if changed {
		i = len(p.all)
		p.all = append(p.all, publishedOn{p.broker, PublishedTopics{Topic: added.Topic, Prefix: added.Prefix}})
	}
	t := &p.all[i]
	for _, serial := range added.Serials {
		if serial != "" && !slices.Contains(t.Serials, serial) {
			t.Serials = append(t.Serials, serial)
			changed = true
		}
	}
	if added.ByEntity && !t.ByEntity {
		t.ByEntity, changed = true, true
	}
	if !changed && !p.isUnsaved {
		return nil
	}
	return p.write()
}

// MayHaveEntities reports whether the broker may have documents of single entities
// under prefix: they were published, or nothing is known of the prefix.
func (p *PublishedStore) MayHaveEntities(prefix string) bool {
	isKnown := false
	for _, t := range p.Topics() {
		if t.Prefix == prefix {
			isKnown = true
			if t.ByEntity {
				return true
			}
		}
	}
	return !isKnown
}

// Remove deletes the gateways of removed. It also deletes their topics if no
// gateway remains, unless topic and prefix, which are in use, are the same.
func (p *PublishedStore) Remove(removed PublishedTopics, topic, prefix string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.index(removed.Topic, removed.Prefix)
	if i < 0 {
		return nil
	}
	t := &p.all[i]
	t.Serials = slices.DeleteFunc(t.Serials, func(s string) bool { return slices.Contains(removed.Serials, s) })
	if i != p.index(topic, prefix) && len(t.Serials) == 0 {
		p.all = slices.Delete(p.all, i, i+1)
	}
	return p.write()
}

// previousTopic returns the TOPIC from which versions that stored no identifier of the
// bridge derived it: topic if it was published before, else the last one that was.
func (p *PublishedStore) previousTopic(topic string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.all); n > 0 && !slices.ContainsFunc(p.all, func(t publishedOn) bool { return t.Topic == topic }) {
		return p.all[n-1].Topic
	}
	return topic
}

// index requires the lock.
func (p *PublishedStore) index(topic, prefix string) int {
	return slices.IndexFunc(p.all, func(t publishedOn) bool { return t.Broker == p.broker && t.Topic == topic && t.Prefix == prefix })
}

// write writes the file. It requires the lock.
func (p *PublishedStore) write() error {
	err := writeJSON(p.path, p.all)
	p.isUnsaved = err != nil
	if err != nil {
		return fmt.Errorf("store the published topics: %w", err)
	}
	return nil
}
