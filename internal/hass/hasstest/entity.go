package hasstest

import (
	"maps"
	"slices"
)

// Documents of single entities: <prefix>/<platform>/<device id>/<key>/config.

// envelopeKeys are those that a single entity has in common with a whole device.
var envelopeKeys = []string{"device", "origin"}

// wrap makes a document of a whole device out of one of a single entity, so that
// the same rules apply.
func (c documentChecker) wrap() {
	doc := c.doc
	c.both(MessageLost, lengthen(doc.root, ha.Abbreviations.General))
	root, entity := map[string]any{}, map[string]any{}
	for key, v := range doc.root {
		switch {
		case slices.Contains(envelopeKeys, key):
			root[key] = v
		case isAvailability(key):
			root[key] = v
		default:
			entity[key] = v
		}
	}
	if _, given := entity["platform"]; given {
		c.add(Warning, 11, "the platform stands in the topic")
	}
	entity["platform"] = doc.form.platform
	root["components"] = map[string]any{doc.form.key: entity}
	doc.root = root
}

// isMigrate reports whether a message only unloads the entities of a document.
func (c *checker) isMigrate(root map[string]any) bool {
	m := maps.Clone(root)
	lengthen(m, ha.Abbreviations.General)
	if m["migrate_discovery"] != true {
		return false
	}
	if len(m) > 1 {
		c.add(MessageLost, 41, "migrate_discovery with other keys")
	}
	return true
}
