package devices

import "github.com/envoy-mqtt/envoy-mqtt/internal/hass"

// bridgeComponents are the components of the bridge's topics, by key.
var bridgeComponents = map[string]hass.Component{
	"version":        withIcon("mdi:tag", text("Version")),
	"gateways":       {Platform: "sensor", Name: "Gateways connected", StateClass: "measurement", Icon: "mdi:solar-power"},
	"started":        timestamp("Started"),
	"gateway_errors": disabled(hass.Component{Platform: "sensor", Name: "Gateway errors", StateClass: "total_increasing", Icon: "mdi:alert-circle-outline"}),
	"broker_errors":  disabled(hass.Component{Platform: "sensor", Name: "Broker errors", StateClass: "total_increasing", Icon: "mdi:alert-circle-outline"}),
}

// BridgeEntities returns the entities of the bridge's own device.
func BridgeEntities() (es []hass.Entity) {
	for key, component := range bridgeComponents {
		component.ID, component.Topic, component.Category = key, key, diagnosticCategory
		es = append(es, hass.Entity{Component: &component})
	}
	return es
}
