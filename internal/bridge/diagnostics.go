package bridge

import (
	"strconv"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// missingAnswers is how many answers in a row must omit a diagnostic before its
// entity is removed.
const missingAnswers = 3

// A diagnosticGroup is what one answer reports about the gateway's own device
// beside its meters. Each field has a topic of its own, which is its key.
type diagnosticGroup[D any] struct {
	name   string
	fields []field[D]
}

// A diagnosticEntity is a field of a group that has been reported.
type diagnosticEntity struct {
	topic     string // below the gateway's topic
	component hass.Component
	ttl       time.Duration // of a measurement
	group     string
	missed    int // answers in a row without it
}

// diagnostics are the reported fields of all groups.
type diagnostics struct {
	groups  map[string]string // names of all groups, by id
	byID    map[string]diagnosticEntity
	answers map[string]int // by group
}

// ids returns the ids of the fields of a group.
func (g *diagnosticGroup[D]) ids() (ids []string) {
	for _, f := range g.fields {
		ids = append(ids, diagnosticID(f.key))
	}
	return ids
}

// diagnosticID returns the part of the unique id that stands for a topic.
func diagnosticID(topic string) string {
	return strings.ReplaceAll(strings.TrimPrefix(topic, "info/"), "/", "_")
}

// components returns the components by object id.
func (ds *diagnostics) components(t schema.Topics, serial string) map[string]hass.Component {
	cs := map[string]hass.Component{}
	for id, d := range ds.byID {
		c := d.component
		c.UniqueID = schema.GatewayID(serial) + "_" + id
		c.StateTopic = t.Gateway(serial) + "/" + d.topic
		if c.StateClass == "measurement" {
			c.ExpireAfter = seconds(d.ttl)
		}
		cs[id] = c
	}
	return cs
}

// setGroup records the fields of an answer about a group, and reports whether the
// entities have changed.
func (ds *diagnostics) setGroup(group string, present map[string]diagnosticEntity) (isChanged bool) {
	if ds.byID == nil {
		ds.byID, ds.answers = map[string]diagnosticEntity{}, map[string]int{}
	}
	ds.answers[group]++
	for id, d := range present {
		_, known := ds.byID[id]
		isChanged = isChanged || !known
		ds.byID[id] = d
	}
	for id, d := range ds.byID {
		if _, ok := present[id]; ok || d.group != group {
			continue
		}
		d.missed++
		ds.byID[id] = d
		if d.missed >= missingAnswers {
			delete(ds.byID, id)
			isChanged = true
		}
	}
	return isChanged
}

// mayAppear reports whether an entity of the previous run may still appear,
// because its group has not been reported often enough.
func (ds *diagnostics) mayAppear(id string) bool {
	group := ds.groups[id]
	return group != "" && ds.answers[group] < missingAnswers
}

// publishDiagnostics publishes the fields of d. Measurements expire after ttl;
// other fields do not.
func publishDiagnostics[D any](t *target, g *diagnosticGroup[D], d D, ttl time.Duration) {
	present := map[string]diagnosticEntity{}
	for _, f := range g.fields {
		value := f.encode(d)
		if value == "" {
			continue
		}
		e := outbox.Entry{Topic: t.topics.Gateway(t.serial) + "/" + f.key, Payload: []byte(plainText(value)), QoS: 1}
		if f.component.StateClass == "measurement" {
			e.Expires = time.Now().Add(ttl)
			t.outbox.Set(e)
		} else {
			t.outbox.SetIfChanged(e, 0)
		}
		present[diagnosticID(f.key)] = diagnosticEntity{topic: f.key, component: f.component, ttl: ttl, group: g.name}
	}
	t.entities.setDiagnostics(g.name, present)
}

// plainText returns a JSON value as the payload of its own topic.
func plainText(value string) string {
	switch value {
	case "true":
		return "ON"
	case "false":
		return "OFF"
	}
	if s, err := strconv.Unquote(value); err == nil {
		return s
	}
	return value
}
