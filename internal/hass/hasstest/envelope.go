package hasstest

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The envelope: topic, delivery and the root of the payload. Rules 1 to 5, 14,
// 34, 35 and 38.

const (
	maxSize       = 64 << 10 // bytes of payload; three phases with everything are 20 kB
	maxComponents = 500
)

var objectID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// checkMessage checks m alone. It returns nil for what cannot be read on.
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
		c.add(MessageLost, 2, "payload: %v", err)
	}
	if s := string(bytes.TrimSpace(m.Payload)); s == "{}" || s == "null" {
		c.add(House, 3, "only an empty payload removes a device")
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

// checkDelivery checks how m is sent, and that it gives nothing away.
func (c *checker) checkDelivery(m Message) {
	if !m.Retain {
		rule := 38
		if len(m.Payload) == 0 {
			rule = 3
		}
		c.add(House, rule, "not retained")
	}
	if m.QoS != 1 {
		c.add(House, 38, "QoS %d, want 1", m.QoS)
	}
	if m.Expiry != 0 {
		c.add(House, 38, "expires after %d s", m.Expiry)
	}
	if len(m.Payload) > maxSize {
		c.add(House, 34, "%d bytes, want at most %d", len(m.Payload), maxSize)
	}
	c.secret("payload", string(m.Payload))
	c.secret("topic", m.Topic)
}

// objectID returns the id of the device in a discovery topic.
func (c *checker) objectID(topic string) (f form, id string, ok bool) {
	prefix := c.opts.Prefix
	if strings.ContainsAny(prefix, "+#") || strings.Trim(prefix, "/") != prefix {
		c.add(MessageLost, 1, "prefix %q is no topic", prefix)
	}
	rest, ok := strings.CutPrefix(topic, prefix+"/")
	levels := strings.Split(rest, "/")
	n := len(levels)
	if !ok || n < 3 || n > 4 || levels[n-1] != "config" {
		c.add(MessageLost, 1, "want %s/device/<object id>/config", prefix)
		return f, "", false
	}
	for _, id := range levels[1 : n-1] {
		if !objectID.MatchString(id) {
			c.add(MessageLost, 1, "id %q has more than letters, digits, _ and -", id)
			return f, "", false
		}
	}
	switch {
	case levels[0] == "device":
		return f, levels[n-2], true
	case slices.Contains(ha.Components, levels[0]) && n == 4:
		return form{platform: levels[0], key: levels[2]}, levels[1], true
	case slices.Contains(ha.Components, levels[0]):
		c.add(House, 1, "a single component without the device's id")
	default:
		c.add(MessageLost, 1, "%q is no component", levels[0])
	}
	return f, "", false
}

// checkRoot checks the payload and fills in the rest of the document.
func (c documentChecker) checkRoot() {
	doc := c.doc
	c.both(MessageLost, lengthen(doc.root, ha.Abbreviations.General))
	for _, item := range availabilityItems(doc.root) {
		c.both(MessageLost, lengthen(item, ha.Abbreviations.General))
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
			c.add(House, 5, "%d components, want 1 to %d", n, maxComponents)
		}
		c.checkComponents(components)
	}
}

// checkRootKeys checks the keys at the root.
func (c documentChecker) checkRootKeys() {
	for _, key := range slices.Sorted(maps.Keys(c.doc.root)) {
		if !slices.Contains(ha.RootKeys, key) {
			c.add(MessageLost, 4, "key %q is not allowed at the root", key)
			continue
		}
		c.checkValue(MessageLost, key, c.doc.root[key])
	}
}

func (c documentChecker) object(key string) (map[string]any, bool) {
	object, ok := c.doc.root[key].(map[string]any)
	if !ok {
		c.add(MessageLost, 5, "%s is missing or no object", key)
	}
	return object, ok
}
