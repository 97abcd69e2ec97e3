package hass

import (
	"encoding/json"
	"slices"
	"strings"
)

// A Form is how entities are announced to Home Assistant.
type Form int

const (
	// ByDevice announces each device with one document, which Home Assistant
	// reads from 2024.11 on.
	ByDevice Form = iota
	// ByEntity announces each entity with a document of its own. openHAB,
	// Domoticz and older versions of Home Assistant read only these.
	ByEntity
)

func otherForm(f Form) Form {
	if f == ByDevice {
		return ByEntity
	}
	return ByDevice
}

// deviceLevel is the topic level of documents of whole devices, in place of a
// platform.
const deviceLevel = "device"

// platforms are the platforms of our entities.
var platforms = []string{"sensor", "binary_sensor", "number", "select", "switch", "button"}

// A documentTopic is the topic of a discovery document:
//
//	<prefix>/device/<id>/config
//	<prefix>/<platform>/<id>/<key>/config
//
// With the same id and key, both announce the same entity.
type documentTopic struct {
	prefix   string
	platform string // empty for a document of a whole device
	id       string // identifier of the device
	key      string // object id of the entity; empty like platform
}

func (t documentTopic) String() string {
	if t.platform == "" {
		return t.prefix + "/" + deviceLevel + "/" + t.id + "/config"
	}
	return t.prefix + "/" + t.platform + "/" + t.id + "/" + t.key + "/config"
}

// entity returns the topic of one entity of the device of t.
func (t documentTopic) entity(platform, key string) documentTopic {
	return documentTopic{t.prefix, platform, t.id, key}
}

// form returns the form of the document.
func (t documentTopic) form() Form {
	if t.platform == "" {
		return ByDevice
	}
	return ByEntity
}

// parseTopic returns the parts of a discovery topic.
func parseTopic(topic string) (t documentTopic, ok bool) {
	levels := strings.Split(topic, "/")
	n := len(levels)
	prefix := func(end int) string { return strings.Join(levels[:end], "/") }
	switch {
	case n < 4 || levels[n-1] != "config":
		return t, false
	case levels[n-3] == deviceLevel:
		return documentTopic{prefix: prefix(n - 3), id: levels[n-2]}, true
	case n > 4 && slices.Contains(platforms, levels[n-4]):
		return documentTopic{prefix(n - 4), levels[n-4], levels[n-3], levels[n-2]}, true
	}
	return t, false
}

// Filters returns the filters of the documents of a form below prefix.
func Filters(prefix string, f Form) (filters []string) {
	if f == ByDevice {
		return []string{documentTopic{prefix: prefix, id: "+"}.String()}
	}
	for _, platform := range platforms {
		filters = append(filters, documentTopic{prefix, platform, "+", "+"}.String())
	}
	return filters
}

// migrateMessage takes the place of a document. Home Assistant then unloads its
// entities, keeps their ids, settings and statistics, and lets a document of the
// other form announce them again. It is retained, so that the broker never holds
// documents of both forms.
const migrateMessage = `{"migrate_discovery":true}`

// isMigrateMessage reports whether payload takes the place of a document.
func isMigrateMessage(payload string) bool {
	var m struct {
		Migrate bool `json:"migrate_discovery"`
	}
	return len(payload) < 100 && json.Unmarshal([]byte(payload), &m) == nil && m.Migrate
}
