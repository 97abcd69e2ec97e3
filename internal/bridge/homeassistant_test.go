package bridge_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"
)

// checkEmptyStates plays Home Assistant: an entity is there from the document
// that announces it until one that names its platform only or is empty. An empty
// message to a topic that an entity reads, or has read until just now, is an error
// in Home Assistant's log.
func (r *rig) checkEmptyStates(t *testing.T) {
	t.Helper()
	const slow = 5 * time.Second               // in which a busy Home Assistant takes a document
	entities := map[string]map[string]string{} // the topics that they read, by document and key
	until := map[string]time.Time{}            // when the last entity that read a topic was removed or changed
	readers := func(topic string) (n int) {
		for _, es := range entities {
			for _, read := range es {
				if read == topic {
					n++
				}
			}
		}
		return n
	}
	for _, m := range r.broker.Messages() {
		if !strings.HasSuffix(m.Topic, "/config") {
			if m.Payload == "" && (readers(m.Topic) > 0 || m.Time.Sub(until[m.Topic]) < slow) {
				t.Errorf("an empty message to %s, which %d entities read, at %v", m.Topic, readers(m.Topic), m.Time)
			}
			continue
		}
		before, after := entities[m.Topic], map[string]string{}
		if m.Payload != "" {
			maps.Copy(after, before) // what is left out stays
			var doc discovered
			if json.Unmarshal([]byte(m.Payload), &doc) != nil {
				continue
			}
			var entity struct {
				StateTopic string `json:"state_topic"`
				Migrate    bool   `json:"migrate_discovery"`
			}
			if _ = json.Unmarshal([]byte(m.Payload), &entity); entity.Migrate {
				clear(after)
			} else if entity.StateTopic != "" {
				after["its only entity"] = entity.StateTopic
			}
			for key, c := range doc.Components {
				if after[key] = c.StateTopic; c.StateTopic == "" {
					delete(after, key)
				}
			}
		}
		entities[m.Topic] = after
		for key, topic := range before {
			if after[key] != topic {
				until[topic] = m.Time
			}
		}
	}
}
