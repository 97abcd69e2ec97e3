package devices

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// Entities are the entities of the gateway's own device. The list is
// rebuilt when it changes, which is rare.
type Entities struct {
	topics schema.Topics
	serial string
	ttl    time.Duration // of values

	sensors     []schema.Sensor // that have a value
	isEstimated bool            // the energies of the batteries are estimated
	isFalling   bool            // the energy of total consumption may fall
	infoKeys    []string        // that have a text
	diagnostics diagnostics

	components map[string]*hass.Component // by id; an entity that has not changed keeps its component
	list       []hass.Entity              // nil if it must be rebuilt
}

// NewEntities returns the entities of a gateway without values. Values expire after
// ttl.
func NewEntities(t schema.Topics, serial string, ttl time.Duration) *Entities {
	return &Entities{topics: t, serial: serial, ttl: ttl, components: map[string]*hass.Component{}}
}

// SetSensors records the sensors that a sample has values of. A sensor that the
// sample omits is kept if another value of the same meter and phase is present,
// or if mayOmit returns true for its meter: a single missing voltage is no reason
// to remove its entity.
func (e *Entities) SetSensors(values []schema.Value, mayOmit func(envoy.Measurement) bool) {
	if slices.EqualFunc(e.sensors, values, func(s schema.Sensor, v schema.Value) bool { return s == v.Sensor }) {
		return // the usual case
	}
	type channel struct {
		meter envoy.Measurement
		phase int
	}
	channels := map[channel]bool{}
	sensors := make([]schema.Sensor, 0, len(values))
	for _, v := range values {
		channels[channel{v.Meter(), v.Phase()}] = true
		sensors = append(sensors, v.Sensor)
	}
	for _, s := range e.sensors {
		if !slices.Contains(sensors, s) && (channels[channel{s.Meter(), s.Phase()}] || mayOmit(s.Meter())) {
			sensors = append(sensors, s)
		}
	}
	e.sensors, e.list = sensors, nil
}

// SetEstimated records that the energies of the batteries are estimated.
func (e *Entities) SetEstimated() {
	if !e.isEstimated {
		e.isEstimated, e.list = true, nil
	}
}

// SetFalling records whether the energy of total consumption may fall, which Home
// Assistant's total_increasing may not.
func (e *Entities) SetFalling(isFalling bool) {
	if e.isFalling != isFalling {
		e.isFalling, e.list = isFalling, nil
	}
}

// AddInfo records that there is a text with a key below info.
func (e *Entities) AddInfo(key string) {
	if !slices.Contains(e.infoKeys, key) {
		e.infoKeys, e.list = append(e.infoKeys, key), nil
	}
}

// SetDiagnostics records the values of an answer about a group. Measurements expire
// after ttl.
func (e *Entities) SetDiagnostics(group string, values []Diagnostic, ttl time.Duration) {
	present := map[string]diagnosticEntity{}
	for _, v := range values {
		present[diagnosticID(v.Topic)] = diagnosticEntity{topic: v.Topic, component: v.component, ttl: ttl, group: group}
	}
	if e.diagnostics.setGroup(group, present) {
		e.list = nil
	}
}

// MayAppear reports whether an entity of a previous run may still appear.
func (e *Entities) MayAppear(id string) bool { return e.diagnostics.mayAppear(id) }

// All returns the entities.
func (e *Entities) All() []hass.Entity {
	if e.list == nil {
		for id, c := range e.build() {
			if old := e.components[id]; old == nil || !reflect.DeepEqual(*old, c) {
				e.components[id] = &c
			}
			e.list = append(e.list, hass.Entity{ID: id, Component: e.components[id]})
		}
	}
	return e.list
}

// build returns the components by object id.
func (e *Entities) build() map[string]hass.Component {
	bridgeOnly := []hass.Availability{{Topic: e.topics.BridgeState()}} // for what is known while the gateway is offline
	cs := map[string]hass.Component{"reachable": {
		Platform:     "binary_sensor",
		Name:         "Reachable",
		UniqueID:     schema.GatewayID(e.serial) + "_reachable",
		StateTopic:   e.topics.Availability(e.serial),
		DeviceClass:  "connectivity",
		Category:     diagnosticCategory,
		PayloadOn:    schema.Online,
		PayloadOff:   schema.Offline,
		Availability: bridgeOnly,
	}}
	for _, s := range e.sensors {
		cs[s.ID()] = e.sensorComponent(s)
	}
	maps.Copy(cs, e.diagnostics.components(e.topics, e.serial))
	for _, key := range e.infoKeys {
		c, ok := infoComponents[key]
		if !ok {
			continue
		}
		if strings.HasPrefix(key, "token_") {
			c.Availability = bridgeOnly
		}
		c.UniqueID = schema.GatewayID(e.serial) + "_" + key
		c.StateTopic = e.topics.Info(e.serial, key)
		cs[key] = c
	}
	return cs
}

// sensorComponent returns the component of a sensor.
func (e *Entities) sensorComponent(s schema.Sensor) hass.Component {
	c := hass.Component{
		Platform:    "sensor",
		Name:        s.Name(),
		UniqueID:    schema.GatewayID(e.serial) + "_" + s.ID(),
		StateTopic:  e.topics.Gateway(e.serial) + "/" + s.Topic(),
		DeviceClass: s.Class(),
		StateClass:  s.StateClass(),
		Unit:        s.Unit(),
		Precision:   new(s.DisplayDecimals()),
	}
	if !s.IsCounter() {
		c.ExpireAfter = seconds(e.ttl)
	}
	if !s.IsEnabled() {
		c.Enabled = new(false)
	}
	if e.isEstimated && s.Meter() == envoy.Storage && s.IsCounter() {
		c.Name += " (estimated)"
	}
	if e.isFalling && s.Meter() == envoy.TotalConsumption && s.IsCounter() {
		c.StateClass = "total"
	}
	return c
}
