package devices

import (
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A sensorComponent is the component of the entity of a sensor.
type sensorComponent struct {
	usual *hass.Component
	other *hass.Component // if the counter is estimated or may fall; nil for most sensors
}

// sensorComponents returns the components of all sensors, by id.
var sensorComponents = sync.OnceValue(func() map[string]sensorComponent {
	all := map[string]sensorComponent{}
	for _, s := range schema.Sensors() {
		c := hass.Component{
			ID:          s.ID,
			Topic:       s.Topic,
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
		sc := sensorComponent{usual: &c}
		switch {
		case s.IsCounter() && s.Meter == envoy.Storage:
			sc.other = new(c)
			sc.other.Name += " (estimated)"
		case s.IsCounter() && s.Meter == envoy.TotalConsumption:
			sc.other = new(c)
			sc.other.StateClass = "total" // Home Assistant's total_increasing may not fall
		}
		all[s.ID] = sc
	}
	return all
})
