package hasstest

import "strings"

// componentMutations break an entity, or what it shares with its device.
var componentMutations = []mutation{
	// Components.
	{edits{"gateway/components/grid_power": "sensor"}, "E11 H18"},
	{edits{power + "platform": gone{}}, "E11"},
	{edits{power + "platform": "thermometer"}, "E11"},
	{edits{power + "platform": "light"}, "H11"},
	{edits{power + "unique_id": gone{}}, "E11"},
	{edits{power + "unique_id": ""}, "E11"},
	{edits{power + "unique_id": nil}, "E11 e13"},
	{edits{power + "unique_id": "envoy_122233344455_grid_energy_import"}, "e12"},
	{edits{power + "unique_id": "grid_power"}, "H12"},
	{edits{power + "unique_id": "envoy_122233344455_192.0.2.10_power"}, "H12"},
	{edits{power + "unique_id": "envoy_bridge_errors"}, "H12 e12"},
	{edits{
		"gateway/components/Grid power": object{
			"platform": "sensor", "name": "Grid power", "unique_id": "envoy_122233344455_grid", "state_topic": "envoy/122233344455/x",
		},
	}, "H12 H18"},
	{edits{power + "object_id": "grid_power"}, "e13"},
	{edits{power + "suggested_unit_of_measurement": "kW"}, "e13"},
	{edits{power + "device": object{}}, "e13"},
	{edits{power + "~": 1}, "e13"},
	{edits{reach + "state_class": "measurement"}, "e13"},
	{edits{power + "group": "all"}, "e13"},
	{edits{power + "default_entity_id": object{}}, "e13"},
	{edits{power + "payload_available": 1}, "H13"},
	{edits{
		"gateway/components/reserve": object{
			"platform": "number", "name": "Reserve", "unique_id": "envoy_122233344455_reserve",
			"command_topic": "envoy/122233344455/reserve", "min": "10", "max": 100,
		},
	}, "H44 e13"},
	{edits{power + "p": "sensor"}, "e14"},
	{edits{power + "unit_of_meas": "W"}, "e14"},
	{edits{power + "default_entity_id": "grid_power"}, "H15"},
	{edits{power + "default_entity_id": "sensor.Grid Power"}, "H15"},
	{edits{power + "default_entity_id": "number.grid_power"}, "W15"},
	{edits{power + "default_entity_id": "sensor.power", inv + "default_entity_id": "sensor.power"}, "H15"},
	{edits{power + "state_topic": gone{}}, "H18 e16"},
	{edits{reach + "state_topic": gone{}}, "e16"},
	{edits{inv + "platform": "number"}, "e13 e16 e39"},

	// Topics.
	{edits{power + "state_topic": ""}, "H18 e17"},
	{edits{power + "state_topic": 7}, "H18 e17"},
	{edits{power + "state_topic": "envoy/122233344455/grid\n/power"}, "H18 e17"},
	{edits{power + "state_topic": strings.Repeat("e", 65536)}, "H18 H34 e17"},
	{edits{power + "state_topic": "envoy/+/grid/power"}, "H17 H18"},
	{edits{power + "state_topic": "solar/grid/power"}, "H17 H18"},
	{edits{power + "state_topic": "envoy/122233344455/live/grid/power"}, "H17 H18"},
	{edits{power + "state_topic": "envoy/122233344455/production/power"}, "H18 W17"},
	{edits{power + "json_attributes_topic": "envoy/122233344455/live"}, "H18 W29"},
	{edits{power + "state_topic": "envoy/122233344455/net/power"}, "H18"},
	{edits{"gateway/components/production_power": gone{}}, "H18"},
	{edits{
		"gateway/components/restart": object{
			"platform": "button", "name": "Restart", "unique_id": "envoy_122233344455_restart", "command_topic": "envoy/122233344455/#",
		},
	}, "e17"},

	// Availability.
	{edits{"gateway/availability_topic": "envoy/bridge/state"}, "E19 e19"},
	{edits{power + "availability_topic": "envoy/bridge/state"}, "e19"},
	{edits{"gateway/availability": "envoy/bridge/state"}, "E19 H19"},
	{edits{"gateway/availability/0": "envoy/bridge/state"}, "E19 H19"},
	{edits{"gateway/availability/0/topic": gone{}}, "E19 H19"},
	{edits{"gateway/availability/0/qos": 1}, "E19"},
	{edits{"gateway/availability/0/payload_available": nil}, "E19"},
	{edits{"gateway/availability/0/payload_available": "offline"}, "W19"},
	{edits{"gateway/availability/0/topic": "envoy/bridge/stat#"}, "H17 H19"},
	{edits{"gateway/availability/0/t": "envoy/bridge/state"}, "E14"},
	{edits{"gateway/availability_mode": "both"}, "E19 W19 e19"},
	{edits{"gateway/availability_mode": "latest"}, "W19"},
	{edits{"gateway/availability_mode": gone{}}, "W19"},
	{edits{"gateway/payload_not_available": "online"}, "W19"},
	{edits{power + "availability_mode": "both"}, "W19 e19"},
	{edits{reach + "availability": []any{object{}}}, "e19"},
	{edits{"gateway/availability/1/topic": "envoy/999999999999/availability"}, "H19"},
	{edits{"gateway/availability/0/topic": "envoy/bridge/status"}, "H19"},
	{edits{reach + "availability": gone{}}, "H20"},
}
