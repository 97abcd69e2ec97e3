package devices

import (
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// A Group is what one answer reports about the gateway's own device beside its
// meters. Each field has a topic of its own, which is its key.
type Group[D any] struct {
	name     string
	fields   []field[D]
	entities []hass.Entity // of fields, without expiry
}

// newGroup returns a group and registers its fields.
func newGroup[D any](name string, fields ...field[D]) *Group[D] {
	g := &Group[D]{name: name, fields: fields}
	for i, f := range fields {
		id := strings.ReplaceAll(strings.TrimPrefix(f.key, "info/"), "/", "_")
		groupNames[id] = name
		g.entities = append(g.entities, hass.Entity{ID: id, Topic: f.key, Component: &fields[i].component})
	}
	return g
}

// groupNames are the names of the groups by id of their fields.
var groupNames = map[string]string{}

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

	entity hass.Entity // without expiry
}

// Values returns the values of d.
func (g *Group[D]) Values(d D) GroupValues {
	vs := GroupValues{group: g.name}
	for i, f := range g.fields {
		if v := f.of(d); v.payload != "" {
			vs.Values = append(vs.Values, GroupValue{f.key, v.payload, f.component.StateClass == "measurement", g.entities[i]})
		}
	}
	return vs
}
