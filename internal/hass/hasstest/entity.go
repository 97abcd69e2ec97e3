package hasstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Documents of single entities: <prefix>/<platform>/<device id>/<key>/config.

// A form is that of a document. Its zero value is a document of a whole device.
type form struct {
	platform, key string // from the topic of a single entity
}

// envelopeKeys are those that a single entity has in common with a whole device.
var envelopeKeys = []string{"device", "origin"}

// wrap makes a document of a whole device out of one of a single entity, so that
// the same rules apply.
func (c *checker) wrap(doc *document) {
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

// An identity is what Home Assistant knows an entity by, in whichever form it is
// announced.
type identity struct{ platform, id, key string }

func (i identity) String() string { return fmt.Sprintf("%s of %s", i.key, i.id) }

// entities returns the entities that doc announces, with their unique ids.
func (doc *document) entities() map[identity]string {
	found := map[identity]string{}
	for _, p := range doc.components {
		if !p.removal() {
			found[identity{p.platform(), doc.id, p.key}] = text(p.own, "unique_id")
		}
	}
	return found
}

// isEntity reports whether a topic is that of a single entity.
func (doc *document) isEntity() bool { return doc.form.platform != "" }

// sortedIdentities returns the keys of m in order.
func sortedIdentities[V any](m map[identity]V) []identity {
	return slices.SortedFunc(maps.Keys(m), func(a, b identity) int {
		return strings.Compare(a.id+"/"+a.platform+"/"+a.key, b.id+"/"+b.platform+"/"+b.key)
	})
}
