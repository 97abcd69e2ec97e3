package state

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
)

var bridgeIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+_bridge$`)

// BridgeID returns the identifier of the bridge in Home Assistant, which is stored
// at the first start so that the bridge's entities stay the same if TOPIC changes.
// newID returns the identifier for a TOPIC. If the identifier cannot be stored,
// BridgeID returns it with an error.
func (p *PublishedStore) BridgeID(topic string, newID func(topic string) string) (string, error) {
	path := filepath.Join(filepath.Dir(p.path), "bridge_id")
	if data, err := ReadFile(path, MaxFileSize); err == nil && bridgeIDPattern.Match(data) {
		return string(data), nil
	}
	id := newID(p.previousTopic(topic))
	if err := WriteFileAtomic(path, []byte(id)); err != nil {
		return id, fmt.Errorf("store the bridge's id: %w", err)
	}
	return id, nil
}

// previousTopic returns the TOPIC from which versions that stored no identifier
// derived it: topic if it was published before, else the last one that was.
func (p *PublishedStore) previousTopic(topic string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.all); n > 0 && !slices.ContainsFunc(p.all, func(t publishedOn) bool { return t.Topic == topic }) {
		return p.all[n-1].Topic
	}
	return topic
}
