package devices

import (
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A sensorEntity is the entity of a sensor, without expiry.
type sensorEntity struct {
	hass.Entity
	other *hass.Component // if the counter is estimated or may fall; nil for most sensors
}

// sensorEntities returns the entities of all sensors, by id.
var sensorEntities = sync.OnceValue(func() map[string]sensorEntity {
	es := map[string]sensorEntity{}
	for _, s := range schema.Sensors() {
		c := hass.Component{
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
		e := sensorEntity{Entity: hass.Entity{ID: s.ID, Topic: s.Topic, Component: &c}}
		switch {
		case s.IsCounter() && s.Meter == envoy.Storage:
			e.other = new(c)
			e.other.Name += " (estimated)"
		case s.IsCounter() && s.Meter == envoy.TotalConsumption:
			e.other = new(c)
			e.other.StateClass = "total" // Home Assistant's total_increasing may not fall
		}
		es[s.ID] = e
	}
	return es
})
