package devices

import (
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// bridgeComponents are the components of the bridge's topics, by key.
var bridgeComponents = map[string]hass.Component{
	"version":        text("Version"),
	"gateways":       {Platform: "sensor", Name: "Gateways connected", StateClass: "measurement"},
	"started":        timestamp("Started"),
	"gateway_errors": disabled(hass.Component{Platform: "sensor", Name: "Gateway errors", StateClass: "total_increasing"}),
	"broker_errors":  disabled(hass.Component{Platform: "sensor", Name: "Broker errors", StateClass: "total_increasing"}),
}

// BridgeEntities returns the entities of the bridge's own device.
func BridgeEntities(t schema.Topics) (es []hass.Entity) {
	for key, component := range bridgeComponents {
		component.UniqueID, component.StateTopic, component.Category = t.BridgeID()+"_"+key, t.Bridge(key), diagnosticCategory
		es = append(es, hass.Entity{ID: key, Component: &component})
	}
	return es
}
