package hasstest

import "strings"

// componentMutations break an entity, or what it shares with its device.
var componentMutations = []mutation{
	// Components.
	{edits{"gateway/components/grid_power": "sensor"}, "message:platform own:published"},
	{edits{power + "platform": gone{}}, "message:platform"},
	{edits{power + "platform": "thermometer"}, "message:platform"},
	{edits{power + "platform": "light"}, "own:platform"},
	{edits{power + "unique_id": gone{}}, "message:platform"},
	{edits{power + "unique_id": ""}, "message:platform"},
	{edits{power + "unique_id": nil}, "component:keys message:platform"},
	{edits{power + "unique_id": "envoy_122233344455_grid_energy_import"}, "component:ids"},
	{edits{power + "unique_id": "grid_power"}, "own:ids"},
	{edits{power + "unique_id": "envoy_122233344455_192.0.2.10_power"}, "own:ids"},
	{edits{power + "unique_id": "envoy_bridge_errors"}, "component:ids own:ids"},
	{edits{
		"gateway/components/Grid power": object{
			"platform": "sensor", "name": "Grid power", "unique_id": "envoy_122233344455_grid", "state_topic": "envoy/122233344455/x",
		},
	}, "own:ids own:published"},
	{edits{power + "object_id": "grid_power"}, "component:keys"},
	{edits{power + "suggested_unit_of_measurement": "kW"}, "component:keys"},
	{edits{power + "device": object{}}, "component:keys"},
	{edits{power + "~": 1}, "component:keys"},
	{edits{reach + "state_class": "measurement"}, "component:keys"},
	{edits{power + "group": "all"}, "component:keys"},
	{edits{power + "default_entity_id": object{}}, "component:keys"},
	{edits{power + "payload_available": 1}, "own:keys"},
	{edits{
		"gateway/components/reserve": object{
			"platform": "number", "name": "Reserve", "unique_id": "envoy_122233344455_reserve",
			"command_topic": "envoy/122233344455/reserve", "min": "10", "max": 100,
		},
	}, "component:keys own:control"},
	{edits{power + "p": "sensor"}, "component:abbreviations"},
	{edits{power + "unit_of_meas": "W"}, "component:abbreviations"},
	{edits{power + "default_entity_id": "grid_power"}, "own:entity-id"},
	{edits{power + "default_entity_id": "sensor.Grid Power"}, "own:entity-id"},
	{edits{power + "default_entity_id": "number.grid_power"}, "warning:entity-id"},
	{edits{power + "default_entity_id": "sensor.power", inv + "default_entity_id": "sensor.power"}, "own:entity-id"},
	{edits{power + "state_topic": gone{}}, "component:required own:published"},
	{edits{reach + "state_topic": gone{}}, "component:required"},
	{edits{inv + "platform": "number"}, "component:keys component:required component:state"},

	// Topics.
	{edits{power + "state_topic": ""}, "component:entity-topics own:published"},
	{edits{power + "state_topic": 7}, "component:entity-topics own:published"},
	{edits{power + "state_topic": "envoy/122233344455/grid\n/power"}, "component:entity-topics own:published"},
	{edits{power + "state_topic": strings.Repeat("e", 65536)}, "component:entity-topics own:published own:size"},
	{edits{power + "state_topic": "envoy/+/grid/power"}, "own:entity-topics own:published"},
	{edits{power + "state_topic": "solar/grid/power"}, "own:entity-topics own:published"},
	{edits{power + "state_topic": "envoy/122233344455/live/grid/power"}, "own:entity-topics own:published"},
	{edits{power + "state_topic": "envoy/122233344455/production/power"}, "own:published warning:entity-topics"},
	{edits{power + "json_attributes_topic": "envoy/122233344455/live"}, "own:published warning:transport"},
	{edits{power + "state_topic": "envoy/122233344455/net/power"}, "own:published"},
	{edits{"gateway/components/production_power": gone{}}, "own:published"},
	{edits{
		"gateway/components/restart": object{
			"platform": "button", "name": "Restart", "unique_id": "envoy_122233344455_restart", "command_topic": "envoy/122233344455/#",
		},
	}, "component:entity-topics"},

	// Availability.
	{edits{"gateway/availability_topic": "envoy/bridge/state"}, "component:availability message:availability"},
	{edits{power + "availability_topic": "envoy/bridge/state"}, "component:availability"},
	{edits{"gateway/availability": "envoy/bridge/state"}, "message:availability own:availability"},
	{edits{"gateway/availability/0": "envoy/bridge/state"}, "message:availability own:availability"},
	{edits{"gateway/availability/0/topic": gone{}}, "message:availability own:availability"},
	{edits{"gateway/availability/0/qos": 1}, "message:availability"},
	{edits{"gateway/availability/0/payload_available": nil}, "message:availability"},
	{edits{"gateway/availability/0/payload_available": "offline"}, "warning:availability"},
	{edits{"gateway/availability/0/topic": "envoy/bridge/stat#"}, "own:availability own:entity-topics"},
	{edits{"gateway/availability/0/t": "envoy/bridge/state"}, "message:abbreviations"},
	{edits{"gateway/availability_mode": "both"}, "component:availability message:availability warning:availability"},
	{edits{"gateway/availability_mode": "latest"}, "warning:availability"},
	{edits{"gateway/availability_mode": gone{}}, "warning:availability"},
	{edits{"gateway/payload_not_available": "online"}, "warning:availability"},
	{edits{power + "availability_mode": "both"}, "component:availability warning:availability"},
	{edits{reach + "availability": []any{object{}}}, "component:availability"},
	{edits{"gateway/availability/1/topic": "envoy/999999999999/availability"}, "own:availability"},
	{edits{"gateway/availability/0/topic": "envoy/bridge/status"}, "own:availability"},
	{edits{reach + "availability": gone{}}, "own:connectivity"},
}
