package hasstest

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The envelope of a message: topic, delivery and the root of the payload.

const (
	maxSize       = 64 << 10 // bytes of payload; three phases with everything are 20 kB
	maxComponents = 500
)

var objectID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// checkMessage checks m alone. It returns nil if the document cannot be read.
func (c *checker) checkMessage(m Message) *document {
	c.checkDelivery(m)
	form, id, ok := c.objectID(m.Topic)
	if !ok {
		return nil
	}
	doc := &document{topic: m.Topic, id: id, form: form}
	if len(m.Payload) == 0 {
		return doc
	}
	root, err := decode(m.Payload)
	if err != nil {
		c.add(MessageLost, rulePayload, "payload: %v", err)
	}
	if s := string(bytes.TrimSpace(m.Payload)); s == "{}" || s == "null" {
		c.add(OwnRule, ruleRemoval, "only an empty payload removes a device")
	}
	if err != nil {
		return nil
	}
	if c.isMigrate(root) {
		doc.isMigrate = true
		return doc
	}
	doc.root = root
	d := documentChecker{c, doc}
	if form.platform != "" {
		d.wrap()
	}
	d.checkRoot()
	return doc
}

// checkDelivery checks how m is sent, and that it contains no secret.
func (c *checker) checkDelivery(m Message) {
	if !m.Retain {
		rule := ruleDelivery
		if len(m.Payload) == 0 {
			rule = ruleRemoval
		}
		c.add(OwnRule, rule, "not retained")
	}
	if m.QoS != 1 {
		c.add(OwnRule, ruleDelivery, "QoS %d, want 1", m.QoS)
	}
	if m.Expiry != 0 {
		c.add(OwnRule, ruleDelivery, "expires after %d s", m.Expiry)
	}
	if len(m.Payload) > maxSize {
		c.add(OwnRule, ruleSize, "%d bytes, want at most %d", len(m.Payload), maxSize)
	}
	c.checkSecrets("payload", string(m.Payload))
	c.checkSecrets("topic", m.Topic)
}

// objectID returns the id of the device in a discovery topic.
func (c *checker) objectID(topic string) (f form, id string, ok bool) {
	prefix := c.opts.Prefix
	if strings.ContainsAny(prefix, "+#") || strings.Trim(prefix, "/") != prefix {
		c.add(MessageLost, ruleTopic, "prefix %q is no topic", prefix)
	}
	rest, ok := strings.CutPrefix(topic, prefix+"/")
	levels := strings.Split(rest, "/")
	n := len(levels)
	if !ok || n < 3 || n > 4 || levels[n-1] != "config" {
		c.add(MessageLost, ruleTopic, "want %s/device/<object id>/config", prefix)
		return f, "", false
	}
	for _, id := range levels[1 : n-1] {
		if !objectID.MatchString(id) {
			c.add(MessageLost, ruleTopic, "id %q has more than letters, digits, _ and -", id)
			return f, "", false
		}
	}
	switch {
	case levels[0] == "device":
		return f, levels[n-2], true
	case slices.Contains(ha.Components, levels[0]) && n == 4:
		return form{platform: levels[0], key: levels[2]}, levels[1], true
	case slices.Contains(ha.Components, levels[0]):
		c.add(OwnRule, ruleTopic, "a single component without the device's id")
	default:
		c.add(MessageLost, ruleTopic, "%q is no component", levels[0])
	}
	return f, "", false
}

// checkRoot checks the payload and fills in the rest of the document.
func (c documentChecker) checkRoot() {
	doc := c.doc
	c.addAmbiguous(MessageLost, expandKeys(doc.root, ha.Abbreviations.General))
	for _, item := range availabilityItems(doc.root) {
		c.addAmbiguous(MessageLost, expandKeys(item, ha.Abbreviations.General))
	}
	c.checkRootKeys()
	c.checkAvailability(MessageLost, doc.root)

	if origin, ok := c.object("origin"); ok {
		c.checkOrigin(origin)
	}
	if device, ok := c.object("device"); ok {
		doc.device = device
		c.checkDevice()
	}
	c.checkOwnAvailability()
	if components, ok := c.object("components"); ok {
		if n := len(components); n < 1 || n > maxComponents {
			c.add(OwnRule, ruleParts, "%d components, want 1 to %d", n, maxComponents)
		}
		c.checkComponents(components)
	}
}

// checkRootKeys checks the keys at the root.
func (c documentChecker) checkRootKeys() {
	for _, key := range slices.Sorted(maps.Keys(c.doc.root)) {
		if !slices.Contains(ha.RootKeys, key) {
			c.add(MessageLost, ruleRootKeys, "key %q is not allowed at the root", key)
			continue
		}
		c.checkValue(MessageLost, key, c.doc.root[key])
	}
}

func (c documentChecker) object(key string) (map[string]any, bool) {
	object, ok := c.doc.root[key].(map[string]any)
	if !ok {
		c.add(MessageLost, ruleParts, "%s is missing or no object", key)
	}
	return object, ok
}
