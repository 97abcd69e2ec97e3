package hasstest

import "strings"

// sensorMutations break what an entity says of its values, and how it looks.
var sensorMutations = []mutation{
	// Sensors.
	{edits{power + "device_class": "watt"}, "component:unit"},
	{edits{power + "device_class": 7}, "component:unit"},
	{edits{reach + "device_class": "energy"}, "component:unit"},
	{edits{power + "unit_of_measurement": "kWh"}, "component:unit"},
	{edits{power + "unit_of_measurement": ""}, "component:unit"},
	{edits{power + "unit_of_measurement": "w"}, "component:unit"},
	{edits{power + "unit_of_measurement": gone{}}, "warning:unit"},
	{edits{phase + "unit_of_measurement": "\u00b5V"}, "warning:unit"},
	{edits{kwh + "unit_of_measurement": "kwh"}, "component:unit"},
	{edits{"bridge/components/errors/unit_of_measurement": "VAr"}, "warning:unit"},
	{edits{"bridge/components/errors/unit_of_measurement": "Wh "}, "warning:unit"},
	{edits{"bridge/components/errors/unit_of_measurement": "C"}, "warning:unit"},
	{edits{power + "state_class": "average"}, "component:state-class"},
	{edits{power + "state_class": "total"}, "component:state-class"},
	{edits{kwh + "state_class": "measurement"}, "component:state-class"},
	{edits{token + "state_class": "measurement"}, "component:state-class"},
	{edits{"bridge/components/errors/state_class": "measurement_angle"}, "component:state-class"},
	{edits{power + "state_class": gone{}}, "warning:statistics"},
	{edits{kwh + "state_class": gone{}}, "warning:statistics"},
	{edits{kwh + "unique_id": "envoy_122233344455_balanced_net_energy"}, "warning:totals"},
	{edits{kwh + "unique_id": "envoy_122233344455_production_seven_days"}, "warning:totals"},
	{edits{kwh + "state_topic": "envoy/122233344455/grid/l1/energy"}, "own:published warning:totals"},
	{edits{power + "last_reset_value_template": "{{ value_json.reset }}"}, "component:totals"},
	{edits{poll + "unit_of_measurement": "d"}, "warning:duration"},
	{edits{mode + "options": []any{}}, "component:options component:state"},
	{edits{mode + "options": []any{"normal", "normal"}}, "component:options"},
	{edits{mode + "options": "normal"}, "component:options"},
	{edits{mode + "options": gone{}}, "warning:options"},
	{edits{mode + "state_class": "measurement"}, "component:options component:state-class"},
	{edits{power + "options": []any{"1", "2"}}, "component:options"},

	// Numbers.
	{edits{power + "expire_after": -1}, "component:expiry"},
	{edits{power + "expire_after": 60.5}, "component:expiry"},
	{edits{power + "expire_after": "60"}, "component:expiry"},
	{edits{power + "suggested_display_precision": -1}, "component:expiry"},
	{edits{reach + "off_delay": nil}, "component:expiry"},
	{edits{power + "expire_after": 60}, "warning:expiry"}, // the message lives longer
	{edits{poll + "expire_after": 60}, "warning:expiry"},  // the message lives for ever
	{edits{
		"gateway/components/production_power/device_class":        "energy",
		"gateway/components/production_power/state_class":         "total_increasing",
		"gateway/components/production_power/unit_of_measurement": "kWh",
	}, "warning:expiry"}, // a counter that expires

	// Manners.
	{edits{token + "entity_category": nil}, "component:category"},
	{edits{token + "entity_category": "system"}, "component:category"},
	{edits{token + "entity_category": "config"}, "component:category"},
	{edits{token + "entity_category": gone{}}, "warning:category"},
	{edits{power + "force_update": true}, "warning:transport"},
	{edits{power + "encoding": ""}, "warning:transport"},
	{edits{power + "qos": 3}, "component:transport"},
	{edits{power + "name": gone{}}, "own:name"},
	{edits{power + "name": ""}, "own:name"},
	{edits{power + "name": " Grid power"}, "own:name"},
	{edits{power + "name": strings.Repeat("ä", 61)}, "own:name"},
	{edits{power + "name": "Envoy 122233344455 power"}, "own:name"},
	{edits{power + "name": []any{"Power"}}, "component:name"},
	{edits{power + "name": "Reachable"}, "warning:name"},
	{edits{power + "name": nil, inv + "name": nil}, "own:name"},
	{edits{token + "icon": "clock"}, "component:icon own:icon"},
	{edits{token + "icon": "mdi:clock"}, "own:icon"},
	{edits{"bridge/components/version/icon": "tag"}, "component:icon"},
	{edits{power + "entity_picture": "/local/x.png"}, "component:icon"},
	{edits{phase + "enabled_by_default": gone{}}, "own:enabled"},
	{edits{phase + "enabled_by_default": true}, "own:enabled"},
	{edits{"gateway/components/grid_frequency/enabled_by_default": gone{}}, "own:enabled"},
	{edits{"gateway/components/grid_l1_power/enabled_by_default": gone{}}, "own:enabled"},
	{edits{power + "enabled_by_default": "yes"}, "own:enabled"},
	{edits{power + "enabled_by_default": 1}, "own:enabled"},
	{edits{power + "enabled_by_default": "perhaps"}, "component:enabled"},
	{edits{power + "force_update": nil}, "component:enabled"},

	// Templates.
	{edits{inv + "value_template": "{{ value_json.power"}, "component:template"},
	{edits{inv + "value_template": "{{ }}"}, "component:template"},
	{edits{inv + "value_template": "{% if value %}{{ value }"}, "component:template"},
	{edits{inv + "value_template": "{% %}"}, "component:template"},
	{edits{inv + "value_template": nil}, "component:state component:template"},
	{edits{inv + "value_template": "{{ value_json.power | float }}"}, "own:template"},
	{edits{inv + "value_template": "{ {{ value_json['power'] }} }"}, "own:template"},
	{edits{inv + "value_template": "{{ value_json.watts }}"}, "own:template"},
	{edits{inv + "value_template": "{{ value_json.power.l1 }}"}, "own:template"},
	{edits{inv + "value_template": "{{ value_json.ac }}"}, "own:template"},
	{edits{power + "value_template": "{{ value_json.power }}"}, "warning:template"},

	// Secrets.
	{edits{power + "name": "eyJhbGciOiJFUzI1NiJ9"}, "own:secrets"},
	{edits{power + "json_attributes_topic": "envoy/bridge/info?token=1"}, "own:published own:secrets"},
	{edits{power + "latitude": 52.1}, "component:keys own:secrets"},
	{edits{dev + "model": "correct horse"}, "own:secrets"},
}
