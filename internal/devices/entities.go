package devices

import (
	"maps"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

const (
	// missingAnswers is how many answers in a row must omit a field of a group before
	// its entity is removed.
	missingAnswers = 3
	// startTimeout is how long after the first sample a gateway may take until it reports
	// everything: CTs that it has not enabled at first are seen after ten minutes, when
	// their configuration is read again.
	startTimeout = 15 * time.Minute
)

// Entities are the entities of the gateway's own device. The list is
// rebuilt when it changes, which is rare.
type Entities struct {
	ttl time.Duration // of values

	startedAt   time.Time                // when the first sample came
	sensors     []*schema.Sensor         // that have a value
	isEstimated bool                     // the energies of the batteries are estimated
	mayFall     bool                     // the energy of total consumption may fall
	infoKeys    []string                 // that have a text
	controls    []hass.Entity            // that change settings of the gateway
	answers     map[string]int           // about a group, by its name
	reported    map[string][]hass.Entity // fields that the latest of them contained
	reportedIn  map[string]int           // the latest of them that contained a field, by id

	list []hass.Entity // nil if it must be rebuilt
}

// NewEntities returns the entities of a gateway without values. Values expire after
// ttl.
func NewEntities(ttl time.Duration) *Entities {
	return &Entities{ttl: ttl, answers: map[string]int{}, reported: map[string][]hass.Entity{}, reportedIn: map[string]int{}}
}

// SetSensors records the sensors that a sample has values of. A sensor that the
// sample omits is kept if another value of the same meter and phase is present,
// or if mayOmit returns true for its meter: a single missing voltage is no reason
// to remove its entity.
func (e *Entities) SetSensors(values []schema.Value, mayOmit func(envoy.Measurement) bool) {
	if e.startedAt.IsZero() {
		e.startedAt = time.Now()
	}
	if slices.EqualFunc(e.sensors, values, func(s *schema.Sensor, v schema.Value) bool { return s == v.Sensor }) {
		return // the usual case
	}
	type channel struct {
		meter envoy.Measurement
		phase int
	}
	channels := map[channel]bool{}
	sensors := make([]*schema.Sensor, 0, len(values))
	for _, v := range values {
		channels[channel{v.Meter, v.Phase}] = true
		sensors = append(sensors, v.Sensor)
	}
	for _, s := range e.sensors {
		if !slices.Contains(sensors, s) && (channels[channel{s.Meter, s.Phase}] || mayOmit(s.Meter)) {
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

// SetMayFall records whether the energy of total consumption may fall.
func (e *Entities) SetMayFall(mayFall bool) {
	if e.mayFall != mayFall {
		e.mayFall, e.list = mayFall, nil
	}
}

// AddInfo records that there is a text with a key below info.
func (e *Entities) AddInfo(key string) {
	if !slices.Contains(e.infoKeys, key) {
		e.infoKeys, e.list = append(e.infoKeys, key), nil
	}
}

// AddLimitControls adds the entities that limit the power of the gateway by messages
// to the topic command. They are always there. Their ids in Home Assistant begin
// with device.
func (e *Entities) AddLimitControls(command, device string) {
	e.controls, e.list = limitControls(command, device), nil
}

// SetGroup records the values of an answer about a group. Measurements expire after
// ttl.
func (e *Entities) SetGroup(vs GroupValues, ttl time.Duration) {
	e.answers[vs.group]++
	var reported []hass.Entity
	for _, v := range vs.Values {
		entity := hass.Entity{Component: v.component}
		if v.IsMeasurement {
			entity.ExpireAfter = seconds(ttl)
		}
		reported = append(reported, entity)
		e.reportedIn[v.component.ID] = e.answers[vs.group]
	}
	if !slices.Equal(e.reported[vs.group], reported) {
		e.reported[vs.group], e.list = reported, nil
	}
}

// MayAppear reports whether an entity that is missing may still appear. That of a
// field of a group may, until several answers in a row have lacked it. After the start,
// so may one that only a previous run has published: a gateway that starts too, as
// after a power failure, first reports without some of its meters.
func (e *Entities) MayAppear(id string, isPrevious bool) bool {
	if group, ok := groupNames[id]; ok {
		return e.answers[group]-e.reportedIn[id] < missingAnswers
	}
	_, isInfo := infoComponents[id]
	_, isSensor := sensorComponents()[id]
	return (isInfo || isSensor) && isPrevious && time.Since(e.startedAt) < startTimeout
}

// All returns the entities, which the caller must not change.
func (e *Entities) All() []hass.Entity {
	if e.list == nil {
		e.list = e.build()
	}
	return e.list
}

// build returns the entities. Those of most gateways have the same components.
func (e *Entities) build() []hass.Entity {
	reported := slices.Concat(slices.Collect(maps.Values(e.reported))...)
	es := make([]hass.Entity, 0, 1+len(e.sensors)+len(reported)+len(e.infoKeys)+len(e.controls))
	es = append(es, hass.Entity{Component: &reachable})
	for _, s := range e.sensors {
		es = append(es, e.sensorEntity(s))
	}
	es = append(es, reported...)
	es = append(es, e.controls...)
	for _, key := range e.infoKeys {
		if component, ok := infoComponents[key]; ok {
			es = append(es, hass.Entity{Component: component})
		}
	}
	return es
}

// reachable is the component of the availability of a gateway.
var reachable = hass.Component{
	ID:             "reachable",
	Topic:          schema.AvailabilityTopic,
	Platform:       "binary_sensor",
	Name:           "Reachable",
	DeviceClass:    "connectivity",
	Category:       diagnosticCategory,
	PayloadOn:      schema.Online,
	PayloadOff:     schema.Offline,
	IsKnownOffline: true,
}

// sensorEntity returns the entity of a sensor.
func (e *Entities) sensorEntity(s *schema.Sensor) hass.Entity {
	c := sensorComponents()[s.ID]
	switch {
	case !s.IsCounter():
		return hass.Entity{Component: c.usual, ExpireAfter: seconds(e.ttl)}
	case e.isEstimated && s.Meter == envoy.Storage, e.mayFall && s.Meter == envoy.TotalConsumption:
		return hass.Entity{Component: c.other}
	}
	return hass.Entity{Component: c.usual}
}
