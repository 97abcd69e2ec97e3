package devices

import "github.com/envoy-mqtt/envoy-mqtt/internal/hass"

// The kinds of components in the tables of fields.

const diagnosticCategory = "diagnostic"

// measurement returns a sensor of a value that is measured at a moment.
func measurement(name, class, unit string, decimals int) hass.Component {
	return hass.Component{Platform: "sensor", Name: name, DeviceClass: class, StateClass: "measurement", Unit: unit, Precision: new(decimals)}
}

// totalIncreasing returns a sensor of a lifetime energy.
func totalIncreasing(name, unit string, decimals int) hass.Component {
	return hass.Component{Platform: "sensor", Name: name, DeviceClass: "energy", StateClass: "total_increasing", Unit: unit, Precision: new(decimals)}
}

// energyStorage returns a sensor of an energy that batteries hold.
func energyStorage(name string) hass.Component {
	return measurement(name, "energy_storage", "kWh", 2)
}

// withIcon sets the icon of a component without a device class.
func withIcon(icon string, c hass.Component) hass.Component { c.Icon = icon; return c }

// text returns a sensor of a text, which has one of options if there are any.
func text(name string, options ...string) hass.Component {
	c := hass.Component{Platform: "sensor", Name: name}
	if len(options) > 0 {
		c.DeviceClass, c.Options = "enum", options
	}
	return c
}

// binary returns a binary sensor.
func binary(name, class string) hass.Component {
	return hass.Component{Platform: "binary_sensor", Name: name, DeviceClass: class}
}

// timestamp returns a sensor of a time.
func timestamp(name string) hass.Component {
	return hass.Component{Platform: "sensor", Name: name, DeviceClass: "timestamp"}
}

// lastReported returns the sensor of the time of a device's latest report.
func lastReported() hass.Component { return diagnostic(timestamp("Last reported")) }

// diagnostic moves c to the diagnostics of its device.
func diagnostic(c hass.Component) hass.Component { c.Category = diagnosticCategory; return c }

// disabled disables c in Home Assistant by default.
func disabled(c hass.Component) hass.Component { c.Enabled = new(false); return c }

// knownOffline keeps c available while its device is offline.
func knownOffline(c hass.Component) hass.Component { c.IsKnownOffline = true; return c }

// primary makes c the main feature of its device.
func primary(c hass.Component) hass.Component { c.HasDeviceName = true; return c }
