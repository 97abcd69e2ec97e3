package bridge

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// remember keeps the document that an earlier run announced of a thing.
func (h *house) remember(topic string, payload []byte) {
	var old announcement
	if json.Unmarshal(payload, &old) != nil || old.Origin.Name != h.origin().Name || old.Device.Via == h.topics.bridgeID() || len(old.Device.Identifiers) != 1 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if id := old.Device.Identifiers[0]; topic == h.topics.config(id) {
		h.earlier[id] = old
	}
}

// recall returns, once, what an earlier run announced of the things behind a
// device whose ids begin so.
func (h *house) recall(via, prefix string) map[string]announcement {
	h.mu.Lock()
	defer h.mu.Unlock()
	mine := map[string]announcement{}
	maps.DeleteFunc(h.earlier, func(id string, a announcement) bool {
		if a.Device.Via != via || !strings.HasPrefix(id, prefix) {
			return false
		}
		mine[id] = a
		return true
	})
	return mine
}

// compareThings compares what an earlier run announced with what is there, once three
// complete answers have told that. The caller holds the lock.
func (g *gateway) compareThings(kind string, known things) {
	if g.rounds[kind] < agreeing {
		return
	}
	prefix := thingID(kind, "")
	for id, old := range g.house.recall("envoy_"+g.serial, prefix) {
		serial := strings.TrimPrefix(id, prefix)
		s, still := known[serial]
		switch topic := g.house.topics.thing(g.serial, kind, serial); {
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
	return slices.ContainsFunc(h.bases, func(base string) bool { return a.reads(topics{base: base}.thing(gateway, kind, serial)) })
}

// remaining returns the topics of the documents that an earlier run announced of
// things behind these gateways, and this one has neither replaced nor removed.
func (h *house) remaining(gateways []string) (topics []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, a := range h.earlier {
		if topic := h.topics.config(id); slices.ContainsFunc(gateways, func(sn string) bool { return a.Device.Via == "envoy_"+sn }) && !h.board.hasArrived(topic) {
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
