package devices

import (
	"maps"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// infoComponents are the components of a gateway's info topics, by key. Other keys
// have no entity.
var infoComponents = func() map[string]*hass.Component {
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
	all := map[string]*hass.Component{}
	for key, c := range cs {
		c.ID, c.Topic = key, schema.InfoTopic(key)
		all[key] = &c
	}
	return all
}()
