package hasstest

import (
	"maps"
	"slices"
)

// Documents of single entities: <prefix>/<platform>/<device id>/<key>/config.

// envelopeKeys are those that a single entity has in common with a whole device.
var envelopeKeys = []string{"device", "origin"}

// wrap converts the document of a single entity to one of a whole device, so that the
// same rules apply.
func (c documentChecker) wrap() {
	doc := c.doc
	c.addAmbiguous(MessageLost, expandKeys(doc.root, ha.Abbreviations.General))
	root, entity := map[string]any{}, map[string]any{}
	for key, v := range doc.root {
		switch {
		case slices.Contains(envelopeKeys, key), isAvailability(key):
			root[key] = v
		default:
			entity[key] = v
		}
	}
	if _, isSet := entity["platform"]; isSet {
		c.add(Warning, rulePlatform, "the platform is in the topic already")
	}
	entity["platform"] = doc.form.platform
	root["components"] = map[string]any{doc.form.key: entity}
	doc.root = root
}

// isMigrate reports whether a message only unloads the entities of a document.
func (c *checker) isMigrate(root map[string]any) bool {
	m := maps.Clone(root)
	expandKeys(m, ha.Abbreviations.General)
	if m["migrate_discovery"] != true {
		return false
	}
	if len(m) > 1 {
		c.add(MessageLost, ruleMigrateAlone, "migrate_discovery with other keys")
	}
	return true
}
