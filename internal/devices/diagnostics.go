package devices

import (
	"strconv"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// missingAnswers is how many answers in a row must omit a diagnostic before its
// entity is removed.
const missingAnswers = 3

// A Group is what one answer reports about the gateway's own device
// beside its meters. Each field has a topic of its own, which is its key.
type Group[D any] struct {
	Name   string
	fields []field[D]
}

// A diagnosticEntity is a field of a group that has been reported.
type diagnosticEntity struct {
	topic     string // below the gateway's topic
	component *hass.Component
	ttl       time.Duration // of a measurement
	group     string
	missed    int // answers in a row without it
}

// diagnostics are the reported fields of all groups.
type diagnostics struct {
	byID    map[string]diagnosticEntity
	answers map[string]int // by group
}

// addNames stores the name of a group under the ids of its fields.
func (g *Group[D]) addNames(names map[string]string) {
	for _, f := range g.fields {
		names[diagnosticID(f.key)] = g.Name
	}
}

// groupNames are the names of the groups, by id of their fields.
var groupNames = func() map[string]string {
	names := map[string]string{}
	BatteryTotals.addNames(names)
	CTHealth.addNames(names)
	PowerLimit.addNames(names)
	ProductionSwitch.addNames(names)
	LimitResult.addNames(names)
	return names
}()

// IsDiagnostic reports whether id is that of a field of a group. Such an entity
// is omitted only after several answers without it.
func IsDiagnostic(id string) bool { return groupNames[id] != "" }

// diagnosticID returns the part of the unique id that stands for a topic.
func diagnosticID(topic string) string {
	return strings.ReplaceAll(strings.TrimPrefix(topic, "info/"), "/", "_")
}

// entities returns the entities of the reported fields.
func (ds *diagnostics) entities() (es []hass.Entity) {
	for id, d := range ds.byID {
		e := hass.Entity{ID: id, Topic: d.topic, Component: d.component}
		if d.component.StateClass == "measurement" {
			e.ExpireAfter = seconds(d.ttl)
		}
		es = append(es, e)
	}
	return es
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
	group := groupNames[id]
	return group != "" && ds.answers[group] < missingAnswers
}

// A Diagnostic is a value of a group.
type Diagnostic struct {
	Topic         string // below the gateway's topic
	Payload       string
	IsMeasurement bool // it expires

	component *hass.Component
}

// Diagnostics returns the values of d.
func (g *Group[D]) Diagnostics(d D) (vs []Diagnostic) {
	for i := range g.fields {
		f := &g.fields[i]
		if value := f.encode(d); value != "" {
			vs = append(vs, Diagnostic{f.key, plainText(value), f.component.StateClass == "measurement", &f.component})
		}
	}
	return vs
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
