package devices

import (
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// A Group is what one answer reports about the gateway's own device beside its
// meters. Each field has a topic of its own, which is its key.
type Group[D any] struct {
	name   string
	fields []field[D]
}

// newGroup returns a group and registers its fields.
func newGroup[D any](name string, fields ...field[D]) *Group[D] {
	for _, f := range fields {
		groupNames[fieldID(f.key)] = name
	}
	return &Group[D]{name, fields}
}

// groupNames are the names of the groups by id of their fields.
var groupNames = map[string]string{}

// fieldID returns the part of the unique id that stands for a topic.
func fieldID(topic string) string {
	return strings.ReplaceAll(strings.TrimPrefix(topic, "info/"), "/", "_")
}

// IsGroupField reports whether id is that of a field of a group. Such an entity is
// omitted only after several answers without it.
func IsGroupField(id string) bool { return groupNames[id] != "" }

// GroupValues are the values of one answer about a group.
type GroupValues struct {
	Values []GroupValue
	group  string
}

// A GroupValue is a value of a group.
type GroupValue struct {
	Topic         string // below the gateway's topic
	Payload       string
	IsMeasurement bool // it expires

	component *hass.Component
}

// Values returns the values of d.
func (g *Group[D]) Values(d D) GroupValues {
	vs := GroupValues{group: g.name}
	for i := range g.fields {
		f := &g.fields[i]
		if v := f.of(d); v.payload != "" {
			vs.Values = append(vs.Values, GroupValue{f.key, v.payload, f.component.StateClass == "measurement", &f.component})
		}
	}
	return vs
}

// missingAnswers is how many answers in a row must omit a field of a group before its
// entity is removed.
const missingAnswers = 3

// A groupEntity is the entity of a field that has been reported.
type groupEntity struct {
	hass.Entity
	group  string
	missed int // answers in a row without it
}

// SetGroup records the values of an answer about a group. Measurements expire after
// ttl.
func (e *Entities) SetGroup(vs GroupValues, ttl time.Duration) {
	e.answers[vs.group]++
	present := map[string]bool{}
	for _, v := range vs.Values {
		entity := hass.Entity{ID: fieldID(v.Topic), Topic: v.Topic, Component: v.component}
		if v.IsMeasurement {
			entity.ExpireAfter = seconds(ttl)
		}
		if _, known := e.reported[entity.ID]; !known {
			e.list = nil
		}
		e.reported[entity.ID] = groupEntity{Entity: entity, group: vs.group}
		present[entity.ID] = true
	}
	for id, old := range e.reported {
		if present[id] || old.group != vs.group {
			continue
		}
		old.missed++
		e.reported[id] = old
		if old.missed >= missingAnswers {
			delete(e.reported, id)
			e.list = nil
		}
	}
}

// MayAppear reports whether an entity of a previous run may still appear, because
// its group has not been reported often enough.
func (e *Entities) MayAppear(id string) bool {
	group := groupNames[id]
	return group != "" && e.answers[group] < missingAnswers
}
