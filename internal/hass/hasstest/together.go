package hasstest

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
)

// What concerns more than one message. Rules 10, 12, 15, 17, 18, 27, 35, 37
// and, through the state topics, 33, 39 and 40.

// update checks that what before described and after does not was removed: an
// entity that is merely left out stays until Home Assistant restarts.
func (c *checker) update(before, after *document) {
	if after.root == nil {
		return
	}
	platforms := map[string]string{}
	for _, p := range after.components {
		platforms[p.key] = p.platform()
	}
	for _, p := range before.components {
		if !p.removal() && platforms[p.key] != p.platform() {
			c.component = p.key
			c.add(House, 37, "was a %s and has not been removed as one", p.platform())
		}
	}
	c.component = ""
}

// together checks all devices against one another and against what is published.
func (c *checker) together(last map[string]*document) {
	devices := map[string]*document{}
	uniqueIDs, entityIDs := map[string]string{}, map[string]string{} // platform and id to component
	plain := map[string]string{}                                     // state topic without a template to component
	used := map[string]bool{}                                        // topics that a component reads
	topics := slices.Sorted(maps.Keys(last))
	for _, topic := range topics {
		doc := last[topic]
		if known := devices[doc.id]; known == nil || known.device == nil || doc.device != nil && c.first[topic] < c.first[known.topic] {
			devices[doc.id] = doc
		}
		for _, p := range doc.components {
			if p.removal() {
				continue
			}
			c.topic, c.component = topic, p.key
			c.unlike(ComponentLost, 12, p, "unique_id", uniqueIDs)
			c.unlike(House, 15, p, "default_entity_id", entityIDs)
			c.sharedTopic(p, plain)
			c.readTopics(p, used)
		}
	}
	for _, topic := range topics {
		c.topic, c.component = topic, ""
		c.parents(last[topic], devices)
	}
	c.unused(used)
}

// unlike checks that no other component of p's platform has p's id at key.
func (c *checker) unlike(s Severity, rule int, p component, key string, taken map[string]string) {
	id := text(p.own, key)
	if id == "" {
		return
	}
	id = p.platform() + " " + id
	if other, ok := taken[id]; ok {
		c.add(s, rule, "%s is that of %s too", key, other)
	}
	taken[id] = p.key
}

// sharedTopic warns of two components with the same value. What can be changed may
// show that of a sensor.
func (c *checker) sharedTopic(p component, plain map[string]string) {
	topic := text(p.all, "state_topic")
	if _, ok := p.own["value_template"]; ok || topic == "" || slices.Contains(controls, p.platform()) {
		return
	}
	if other, ok := plain[topic]; ok {
		c.add(Warning, 17, "state_topic is that of %s too", other)
	}
	plain[topic] = p.key
}

// readTopics checks component p against what is published on its topics.
func (c *checker) readTopics(p component, used map[string]bool) {
	for _, key := range []string{"state_topic", "json_attributes_topic", "latest_version_topic"} {
		topic := text(p.all, key)
		if topic == "" || c.opts.Published == nil {
			continue
		}
		used[topic] = true
		payload, ok := c.opts.Published[topic]
		if !ok && slices.Contains(controls, p.platform()) {
			continue // it is there before its state was read
		}
		if !ok {
			c.add(House, 18, "%s is not published", key)
			continue
		}
		if key != "state_topic" {
			continue
		}
		c.expiry(p.all, topic)
		if state, ok := c.render(p.all, payload); ok {
			c.state(p.all, state)
		}
	}
}

// expiry checks that a retained value does not outlive its entity: after a
// restart Home Assistant takes what the broker still holds for fresh.
func (c *checker) expiry(m map[string]any, topic string) {
	number, _ := m["expire_after"].(json.Number)
	after, err := number.Int64()
	if err != nil || after <= 0 || c.opts.Expiry == nil {
		return
	}
	if expiry := int64(c.opts.Expiry[topic]); expiry == 0 || expiry > after {
		c.add(Warning, 27, "the message lives %d s (0 for ever), the entity %d s", expiry, after)
	}
}

// parents follows via_device upwards.
func (c *checker) parents(doc *document, devices map[string]*document) {
	seen := map[string]bool{}
	for doc.device != nil {
		if seen[doc.id] {
			c.add(Warning, 10, "via_device leads back to %s", doc.id)
			return
		}
		seen[doc.id] = true
		via := text(doc.device, "via_device")
		if via == "" {
			return
		}
		parent := devices[via]
		if parent == nil || parent.device == nil {
			c.add(Warning, 10, "via_device %q is not announced", via)
			return
		}
		if c.first[parent.topic] > c.first[doc.topic] {
			c.add(Warning, 10, "announced before %s, which has no name until then", via)
		}
		doc = parent
	}
}

// unused finds what is published and read by no component, and secrets.
func (c *checker) unused(used map[string]bool) {
	for _, topic := range slices.Sorted(maps.Keys(c.opts.Published)) {
		c.topic, c.component = topic, ""
		c.secret("payload", c.opts.Published[topic])
		if !used[topic] && !c.ignored(topic) {
			c.add(House, 18, "published, and no component reads it")
		}
	}
}

func (c *checker) ignored(topic string) bool {
	rest, ours := strings.CutPrefix(topic, c.opts.Base+"/")
	known := rest == "bridge/info" || rest == "bridge/state" || strings.HasSuffix(rest, "/availability")
	match := func(pattern string) bool { ok, _ := path.Match(pattern, topic); return ok }
	return !ours || known || c.live(topic) || slices.ContainsFunc(c.opts.Ignore, match)
}
