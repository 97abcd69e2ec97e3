package hasstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A document is one device's discovery message, all keys in their long form.
type document struct {
	topic      string
	id         string         // object id in the topic
	root       map[string]any // nil if the message removes the device
	device     map[string]any
	components []component // by key
	form       form
	isMigrate  bool // the message only unloads the entities
}

// A form is that of a document. Its zero value is a document of a whole device.
type form struct {
	platform, key string // from the topic of a single entity
}

// A component is one entity of a device.
type component struct {
	key string
	own map[string]any // as it was sent, keys in their long form
	all map[string]any // with what it inherits from the root
}

func (p component) platform() string { return text(p.own, "platform") }

// isRemoval reports whether p removes an entity.
func (p component) isRemoval() bool { return len(p.own) == 1 && p.platform() != "" }

// An identity identifies an entity in both forms.
type identity struct{ platform, id, key string }

func (i identity) String() string { return fmt.Sprintf("%s of %s", i.key, i.id) }

// entities returns the entities that doc announces, with their unique ids.
func (doc *document) entities() map[identity]string {
	found := map[identity]string{}
	for _, p := range doc.components {
		if !p.isRemoval() {
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
