package hasstest

import "strings"

// sensorMutations break what an entity says of its values, and how it looks.
var sensorMutations = []mutation{
	// Sensors.
	{edits{power + "device_class": "watt"}, "e21"},
	{edits{power + "device_class": 7}, "e21"},
	{edits{reach + "device_class": "energy"}, "e21"},
	{edits{power + "unit_of_measurement": "kWh"}, "e21"},
	{edits{power + "unit_of_measurement": ""}, "e21"},
	{edits{power + "unit_of_measurement": "w"}, "e21"},
	{edits{power + "unit_of_measurement": gone{}}, "W21"},
	{edits{phase + "unit_of_measurement": "\u00b5V"}, "W21"},
	{edits{kwh + "unit_of_measurement": "kwh"}, "e21"},
	{edits{"bridge/components/errors/unit_of_measurement": "VAr"}, "W21"},
	{edits{"bridge/components/errors/unit_of_measurement": "Wh "}, "W21"},
	{edits{"bridge/components/errors/unit_of_measurement": "C"}, "W21"},
	{edits{power + "state_class": "average"}, "e22"},
	{edits{power + "state_class": "total"}, "e22"},
	{edits{kwh + "state_class": "measurement"}, "e22"},
	{edits{token + "state_class": "measurement"}, "e22"},
	{edits{"bridge/components/errors/state_class": "measurement_angle"}, "e22"},
	{edits{power + "state_class": gone{}}, "W23"},
	{edits{kwh + "state_class": gone{}}, "W23"},
	{edits{kwh + "unique_id": "envoy_122233344455_balanced_net_energy"}, "W24"},
	{edits{kwh + "unique_id": "envoy_122233344455_production_seven_days"}, "W24"},
	{edits{kwh + "state_topic": "envoy/122233344455/grid/l1/energy"}, "H18 W24"},
	{edits{power + "last_reset_value_template": "{{ value_json.reset }}"}, "e24"},
	{edits{poll + "unit_of_measurement": "d"}, "W25"},
	{edits{mode + "options": []any{}}, "e26 e39"},
	{edits{mode + "options": []any{"normal", "normal"}}, "e26"},
	{edits{mode + "options": "normal"}, "e26"},
	{edits{mode + "options": gone{}}, "W26"},
	{edits{mode + "state_class": "measurement"}, "e22 e26"},
	{edits{power + "options": []any{"1", "2"}}, "e26"},

	// Numbers.
	{edits{power + "expire_after": -1}, "e27"},
	{edits{power + "expire_after": 60.5}, "e27"},
	{edits{power + "expire_after": "60"}, "e27"},
	{edits{power + "suggested_display_precision": -1}, "e27"},
	{edits{reach + "off_delay": nil}, "e27"},
	{edits{power + "expire_after": 60}, "W27"}, // the message lives longer
	{edits{poll + "expire_after": 60}, "W27"},  // the message lives for ever
	{edits{
		"gateway/components/production_power/device_class":        "energy",
		"gateway/components/production_power/state_class":         "total_increasing",
		"gateway/components/production_power/unit_of_measurement": "kWh",
	}, "W27"}, // a counter that expires

	// Manners.
	{edits{token + "entity_category": nil}, "e28"},
	{edits{token + "entity_category": "system"}, "e28"},
	{edits{token + "entity_category": "config"}, "e28"},
	{edits{token + "entity_category": gone{}}, "W28"},
	{edits{power + "force_update": true}, "W29"},
	{edits{power + "encoding": ""}, "W29"},
	{edits{power + "qos": 3}, "e29"},
	{edits{power + "name": gone{}}, "H30"},
	{edits{power + "name": ""}, "H30"},
	{edits{power + "name": " Grid power"}, "H30"},
	{edits{power + "name": strings.Repeat("ä", 61)}, "H30"},
	{edits{power + "name": "Envoy 122233344455 power"}, "H30"},
	{edits{power + "name": []any{"Power"}}, "e30"},
	{edits{power + "name": "Reachable"}, "W30"},
	{edits{power + "name": nil, inv + "name": nil}, "H30"},
	{edits{token + "icon": "clock"}, "H31 e31"},
	{edits{token + "icon": "mdi:clock"}, "H31"},
	{edits{"bridge/components/version/icon": "tag"}, "e31"},
	{edits{power + "entity_picture": "/local/x.png"}, "e31"},
	{edits{phase + "enabled_by_default": gone{}}, "H32"},
	{edits{phase + "enabled_by_default": true}, "H32"},
	{edits{"gateway/components/grid_frequency/enabled_by_default": gone{}}, "H32"},
	{edits{"gateway/components/grid_l1_power/enabled_by_default": gone{}}, "H32"},
	{edits{power + "enabled_by_default": "yes"}, "H32"},
	{edits{power + "enabled_by_default": 1}, "H32"},
	{edits{power + "enabled_by_default": "perhaps"}, "e32"},
	{edits{power + "force_update": nil}, "e32"},

	// Templates.
	{edits{inv + "value_template": "{{ value_json.power"}, "e33"},
	{edits{inv + "value_template": "{{ }}"}, "e33"},
	{edits{inv + "value_template": "{% if value %}{{ value }"}, "e33"},
	{edits{inv + "value_template": "{% %}"}, "e33"},
	{edits{inv + "value_template": nil}, "e33 e39"},
	{edits{inv + "value_template": "{{ value_json.power | float }}"}, "H33"},
	{edits{inv + "value_template": "{ {{ value_json['power'] }} }"}, "H33"},
	{edits{inv + "value_template": "{{ value_json.watts }}"}, "H33"},
	{edits{inv + "value_template": "{{ value_json.power.l1 }}"}, "H33"},
	{edits{inv + "value_template": "{{ value_json.ac }}"}, "H33"},
	{edits{power + "value_template": "{{ value_json.power }}"}, "W33"},

	// Secrets.
	{edits{power + "name": "eyJhbGciOiJFUzI1NiJ9"}, "H35"},
	{edits{power + "json_attributes_topic": "envoy/bridge/info?token=1"}, "H18 H35"},
	{edits{power + "latitude": 52.1}, "H35 e13"},
	{edits{dev + "model": "correct horse"}, "H35"},
}
