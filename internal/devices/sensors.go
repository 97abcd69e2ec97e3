package devices

import (
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// sensorEntities returns the entities of all sensors, without expiry.
var sensorEntities = sync.OnceValue(func() map[*schema.Sensor]hass.Entity {
	es := map[*schema.Sensor]hass.Entity{}
	for _, s := range schema.Sensors() {
		c := &hass.Component{
			Platform:    "sensor",
			Name:        s.Name,
			DeviceClass: s.Class(),
			StateClass:  s.StateClass(),
			Unit:        s.Unit(),
			Precision:   new(s.DisplayDecimals()),
		}
		if !s.IsEnabled {
			c.Enabled = new(false)
		}
		es[s] = hass.Entity{ID: s.ID(), Topic: s.Topic, Component: c}
	}
	return es
})

// sensorIDs returns the ids of the entities of all sensors.
var sensorIDs = sync.OnceValue(func() map[string]bool {
	ids := map[string]bool{}
	for _, s := range schema.Sensors() {
		ids[s.ID()] = true
	}
	return ids
})
