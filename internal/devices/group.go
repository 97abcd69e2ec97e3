package devices

import (
	"strings"

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
	g := &Group[D]{name: name, fields: fields}
	for i, f := range fields {
		id := strings.ReplaceAll(strings.TrimPrefix(f.key, "info/"), "/", "_")
		groupNames[id] = name
		fields[i].component.ID, fields[i].component.Topic = id, f.key
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
