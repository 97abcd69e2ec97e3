package hasstest

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
)

// A messageSet is all messages. It checks the rules that concern more than one of
// them, or the published states.
type messageSet struct {
	*checker
	last  map[string]*document // by topic
	first map[string]int       // index of the first message of a topic
}

// receive adds message n of a topic, whose document is nil if it cannot be read.
func (h *messageSet) receive(topic string, n int, doc *document) {
	if _, before := h.first[topic]; !before {
		h.first[topic] = n
	}
	if doc == nil {
		return
	}
	if before := h.last[topic]; before != nil {
		h.checkUpdate(before, doc)
	}
	h.last[topic] = doc
}

// checkUpdate checks that entities which before describes and after does not were
// removed: an entity that is only omitted stays until Home Assistant restarts.
func (h *messageSet) checkUpdate(before, after *document) {
	if after.root == nil {
		return
	}
	platforms := map[string]string{}
	for _, p := range after.components {
		platforms[p.key] = p.platform()
	}
	for _, p := range before.components {
		if !p.isRemoval() && platforms[p.key] != p.platform() {
			h.component = p.key
			h.add(OwnRule, ruleUpdate, "was a %s and has not been removed as one", p.platform())
		}
	}
	h.component = ""
}

// check checks all devices against one another and against what is published.
func (h *messageSet) check() {
	devices := map[string]*document{}
	uniqueIDs, entityIDs := map[string]string{}, map[string]string{} // platform and id to component
	plain := map[string]string{}                                     // state topic without a template to component
	used := map[string]bool{}                                        // topics that a component reads
	topics := slices.Sorted(maps.Keys(h.last))
	for _, topic := range topics {
		doc := h.last[topic]
		if known := devices[doc.id]; known == nil || known.device == nil || doc.device != nil && h.first[topic] < h.first[known.topic] {
			devices[doc.id] = doc
		}
		for _, p := range doc.components {
			if p.isRemoval() {
				continue
			}
			h.topic, h.component = topic, p.key
			h.checkUnlike(ComponentLost, ruleIDs, p, "unique_id", uniqueIDs)
			h.checkUnlike(OwnRule, ruleEntityID, p, "default_entity_id", entityIDs)
			h.checkSharedTopic(p, plain)
			h.checkReadTopics(p, used)
		}
	}
	for _, topic := range topics {
		h.topic, h.component = topic, ""
		h.checkParents(h.last[topic], devices)
	}
	h.checkUnused(used)
}

// checkUnlike checks that no other component of p's platform has p's id at key.
func (h *messageSet) checkUnlike(s Severity, rule Rule, p component, key string, taken map[string]string) {
	id := text(p.own, key)
	if id == "" {
		return
	}
	id = p.platform() + " " + id
	if other, ok := taken[id]; ok {
		h.add(s, rule, "%s is that of %s too", key, other)
	}
	taken[id] = p.key
}

// checkSharedTopic warns of two components with the same value. An entity that can be
// changed may show that of a sensor.
func (h *messageSet) checkSharedTopic(p component, plain map[string]string) {
	topic := text(p.all, "state_topic")
	if _, ok := p.own["value_template"]; ok || topic == "" || slices.Contains(controls, p.platform()) {
		return
	}
	if other, ok := plain[topic]; ok {
		h.add(Warning, ruleEntityTopics, "state_topic is that of %s too", other)
	}
	plain[topic] = p.key
}

// checkReadTopics checks component p against what is published on its topics.
func (h *messageSet) checkReadTopics(p component, used map[string]bool) {
	for _, key := range []string{"state_topic", "json_attributes_topic", "latest_version_topic"} {
		topic := text(p.all, key)
		if topic == "" || h.opts.Published == nil {
			continue
		}
		used[topic] = true
		payload, ok := h.opts.Published[topic]
		if !ok && slices.Contains(controls, p.platform()) {
			continue // it exists before its state was read
		}
		if !ok {
			h.add(OwnRule, rulePublished, "%s is not published", key)
			continue
		}
		if key != "state_topic" {
			continue
		}
		h.checkExpiry(p.all, topic)
		c := stateChecker{h.checker, p.all}
		if state, ok := c.render(payload); ok {
			c.check(state)
		}
	}
}

// checkExpiry checks that a retained value expires before its entity: after a restart
// Home Assistant regards the broker's value as new.
func (h *messageSet) checkExpiry(m map[string]any, topic string) {
	number, _ := m["expire_after"].(json.Number)
	after, err := number.Int64()
	if err != nil || after <= 0 || h.opts.Expiry == nil {
		return
	}
	if expiry := int64(h.opts.Expiry[topic]); expiry == 0 || expiry > after {
		h.add(Warning, ruleExpiry, "the message expires after %d s (0: never), the entity after %d s", expiry, after)
	}
}

// checkParents follows via_device upwards.
func (h *messageSet) checkParents(doc *document, devices map[string]*document) {
	seen := map[string]bool{}
	for doc.device != nil {
		if seen[doc.id] {
			h.add(Warning, ruleDescription, "via_device leads back to %s", doc.id)
			return
		}
		seen[doc.id] = true
		via := text(doc.device, "via_device")
		if via == "" {
			return
		}
		parent := devices[via]
		if parent == nil || parent.device == nil {
			h.add(Warning, ruleDescription, "via_device %q is not announced", via)
			return
		}
		if h.first[parent.topic] > h.first[doc.topic] {
			h.add(Warning, ruleDescription, "announced before %s, which has no name until then", via)
		}
		doc = parent
	}
}

// checkUnused checks that a component reads each published topic, and that the payloads
// contain no secrets.
func (h *messageSet) checkUnused(used map[string]bool) {
	for _, topic := range slices.Sorted(maps.Keys(h.opts.Published)) {
		h.topic, h.component = topic, ""
		h.checkSecrets("payload", h.opts.Published[topic])
		if !used[topic] && !h.isIgnored(topic) {
			h.add(OwnRule, rulePublished, "published, and no component reads it")
		}
	}
}

func (h *messageSet) isIgnored(topic string) bool {
	rest, ours := strings.CutPrefix(topic, h.opts.Base+"/")
	known := rest == "bridge/info" || rest == "bridge/state" || strings.HasSuffix(rest, "/availability")
	match := func(pattern string) bool { ok, _ := path.Match(pattern, topic); return ok }
	return !ours || known || h.isLiveTopic(topic) || slices.ContainsFunc(h.opts.Ignore, match)
}
