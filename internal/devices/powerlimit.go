package devices

import (
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// A PowerLimitReport is what limits the power of the inverters of a gateway.
type PowerLimitReport struct {
	Limit     powerlimit.Limit
	IsUnknown bool // the gateway has a limit that cannot be read
}

// PowerLimit is the limit as entities of the gateway's device. What is not known,
// and the power without a limit, is the text None, which makes Home Assistant's
// entity unknown.
var PowerLimit = newGroup("power limit", []field[PowerLimitReport]{
	{"limit/state", text("Power limit", "off", "active", "unknown"), stringField(PowerLimitReport.state)},
	{"limit/power", measurement("Power limit value", "power", "W", 0), func(r PowerLimitReport) value {
		if r.state() != "active" {
			return quoted("None")
		}
		return number(r.Limit.Power, 0)
	}},
	{"limit/applies_to", text("Power limit applies to", "off", "export", "production"), stringField(func(r PowerLimitReport) string {
		switch {
		case r.IsUnknown:
			return "None"
		case !r.Limit.Active:
			return "off"
		case r.Limit.Export:
			return "export"
		}
		return "production"
	})},
}...)

func (r PowerLimitReport) state() string {
	switch {
	case r.IsUnknown:
		return "unknown"
	case r.Limit.Active:
		return "active"
	}
	return "off"
}

// ProductionSwitch is the switch of all inverters, where the token's role may read
// it.
var ProductionSwitch = newGroup("production switch", field[bool]{"limit/production_off", binary("Production switched off", "problem"), boolean})

// LimitResult is what became of the latest command, a JSON document with a field
// text.
var LimitResult = newGroup("limit result", field[string]{
	"limit/result",
	diagnostic(hass.Component{
		Platform: "sensor", Name: "Power limit result (experimental)", Icon: "mdi:message-text-outline", ValueTemplate: "{{ value_json.text }}",
	}),
	func(document string) value { return value{document, document} },
})

// maxLimit is the largest limit that can be entered, W.
const maxLimit = 1_000_000

// limitControls returns the entities that limit the power of a gateway by messages
// to command. Their states are those of the settings that were read from the
// gateway. Their ids in Home Assistant begin with device.
func limitControls(command, device string) []hass.Entity {
	control := func(id, topic string, c hass.Component) hass.Entity {
		c.ID, c.Topic, c.CommandTopic, c.Category = id, topic, command, "config"
		c.DefaultEntityID = c.Platform + "." + device + "_" + strings.ReplaceAll(topic, "/", "_")
		return hass.Entity{Component: &c}
	}
	return []hass.Entity{
		control("limit_set_power", "limit/power", hass.Component{
			Platform: "number", Name: "Limit power (experimental)", DeviceClass: "power", Unit: "W", CommandTemplate: `{"power": {{ value }}}`,
			Min: new(0), Max: new(maxLimit), Step: new(1), Mode: "box",
		}),
		control("limit_set_applies_to", "limit/applies_to", hass.Component{
			Platform: "select", Name: "Limit applies to (experimental)", Icon: "mdi:transmission-tower-export", CommandTemplate: `{"applies_to": "{{ value }}"}`,
			Options: []string{"off", "export", "production"},
		}),
		control("limit_set_production_off", "limit/production_off", hass.Component{
			Platform: "switch", Name: "Switch production off (experimental)", Icon: "mdi:solar-power-variant-outline",
			PayloadOn: `{"production_off": true}`, PayloadOff: `{"production_off": false}`, StateOn: "ON", StateOff: "OFF",
		}),
	}
}
