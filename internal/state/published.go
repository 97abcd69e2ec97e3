package state

import (
	"encoding/json"
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

	mu  sync.Mutex // guards all
	all []publishedOn
}

// PublishedTopics are topics below which retained messages were published.
type PublishedTopics struct {
	Topic   string   `json:"topic"`             // the key TOPIC
	Prefix  string   `json:"prefix,omitempty"`  // of discovery; empty if discovery was off
	Serials []string `json:"serials,omitempty"` // of the gateways
	// Entities means that entities were announced one by one.
	Entities bool `json:"entities,omitempty"`
}

type publishedOn struct {
	Broker string `json:"broker"`
	PublishedTopics
}

// NewPublishedStore reads the store in dir. broker is the host:port of the
// current broker. A file that cannot be read counts as empty.
func NewPublishedStore(dir, broker string) *PublishedStore {
	p := &PublishedStore{path: filepath.Join(dir, "published.json"), broker: broker}
	if data, err := ReadFile(p.path, MaxFileSize); err == nil && json.Unmarshal(data, &p.all) != nil {
		p.all = nil
	}
	return p
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

// Add stores that gateways with these serial numbers are published under topic
// and prefix. Empty serial numbers are ignored.
func (p *PublishedStore) Add(topic, prefix string, serials ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.index(topic, prefix)
	changed := i < 0
	if changed {
		i = len(p.all)
		p.all = append(p.all, publishedOn{p.broker, PublishedTopics{Topic: topic, Prefix: prefix}})
	}
	for _, serial := range serials {
		if t := &p.all[i]; serial != "" && !slices.Contains(t.Serials, serial) {
			t.Serials = append(t.Serials, serial)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return p.write()
}

// AddEntities stores that entities are announced one by one under topic and
// prefix.
func (p *PublishedStore) AddEntities(topic, prefix string) error {
	if err := p.Add(topic, prefix); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := &p.all[p.index(topic, prefix)]; !t.Entities {
		t.Entities = true
		return p.write()
	}
	return nil
}

// MayHaveEntities reports whether the broker may have documents of single entities
// under prefix: they were published, or nothing is known of the prefix.
func (p *PublishedStore) MayHaveEntities(prefix string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	isKnown := false
	for _, t := range p.all {
		if t.Broker == p.broker && t.Prefix == prefix {
			isKnown = true
			if t.Entities {
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

// index requires the lock.
func (p *PublishedStore) index(topic, prefix string) int {
	return slices.IndexFunc(p.all, func(t publishedOn) bool { return t.Broker == p.broker && t.Topic == topic && t.Prefix == prefix })
}

// write writes the file. It requires the lock.
func (p *PublishedStore) write() error {
	data, err := json.MarshalIndent(p.all, "", "\t")
	if err != nil {
		panic(err) // cannot fail for strings
	}
	if err := WriteFileAtomic(p.path, data); err != nil {
		return fmt.Errorf("store the published topics: %w", err)
	}
	return nil
}
