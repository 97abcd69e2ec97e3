package devices

import (
	"maps"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// infoEntities are the entities of a gateway's info topics, by key. Other keys have
// none.
var infoEntities = func() map[string]hass.Entity {
	cs := map[string]hass.Component{
		"firmware":      withIcon("mdi:chip", diagnostic(text("Firmware"))),
		"part_number":   withIcon("mdi:identifier", disabled(diagnostic(text("Part number")))),
		"source":        withIcon("mdi:database-search", disabled(diagnostic(text("Data source")))),
		"last_report":   disabled(diagnostic(timestamp("Last reported"))),
		"poll_duration": disabled(diagnostic(measurement("Poll duration", "duration", "ms", 0))),
		"token_expires": knownOffline(diagnostic(timestamp("Token expires"))),
		"token_role":    knownOffline(withIcon("mdi:account-key", disabled(diagnostic(text("Token role"))))),
		"token_state":   knownOffline(withIcon("mdi:key", diagnostic(text("Token state")))),
		"token_problem": knownOffline(diagnostic(binary("Token problem", "problem"))),
	}
	maps.Copy(cs, responseTimeComponents())
	es := map[string]hass.Entity{}
	for key, c := range cs {
		es[key] = hass.Entity{ID: key, Topic: schema.InfoTopic(key), Component: &c}
	}
	return es
}()
