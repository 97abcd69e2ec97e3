package discoverytest

import (
	"strconv"
	"strings"
	"testing"
)

// Each row breaks the valid example and names all that must be found, and
// nothing else may be. TestEveryRule sees that no rule is without a row.

// edits are what is put, or taken away, at which path of the example.
type edits map[string]any

const (
	dev   = "gateway/device/"
	power = "gateway/components/grid_power/"
	phase = "gateway/components/grid_l1_voltage/"
	kwh   = "gateway/components/production_energy/"
	token = "gateway/components/token_expires/"
	mode  = "gateway/components/grid_status/"
	poll  = "gateway/components/poll_duration/"
	reach = "gateway/components/reachable/"
	inv   = "gateway/components/inverter_power/"
)

var mutations = []struct {
	edits edits
	want  string
}{
	// The root.
	{edits{"gateway/name": "Envoy"}, "E4"},
	{edits{"gateway/~": "envoy"}, "E4"},
	{edits{"gateway/unique_id": "envoy_122233344455"}, "E4"},
	{edits{"gateway/device": gone{}}, "E5"},
	{edits{"gateway/origin": gone{}}, "E5"},
	{edits{"gateway/origin": "envoy-mqtt"}, "E5"},
	{edits{"bridge/components": gone{}}, "E5 H18"},
	{edits{"bridge/components": []any{}}, "E5 H18"},
	{edits{"bridge/components": object{}}, "H18 H5"},
	{edits{"gateway/dev": object{}}, "E14 E7 H10 H7"},
	{edits{"gateway/qos": 3}, "E29"},
	{edits{"gateway/qos": "1"}, "E29"},
	{edits{"gateway/encoding": "latin-1"}, "W29"},
	{edits{"gateway/encoding": nil}, "E13 W29"},

	// The origin.
	{edits{"gateway/origin/name": gone{}}, "E6"},
	{edits{"gateway/origin/name": ""}, "E6"},
	{edits{"gateway/origin/version": "1.0.0"}, "E6"},
	{edits{"gateway/origin/sw_version": nil}, "E6"},
	{edits{"gateway/origin/support_url": "example.org"}, "E6"},
	{edits{"gateway/origin/support_url": "mailto:a"}, "E6"},
	{edits{"gateway/origin/sw": "1.0.0"}, "E14"},

	// The device.
	{edits{dev + "ip": "192.0.2.10"}, "E7"},
	{edits{dev + "via": "envoy_bridge"}, "E7"},
	{edits{dev + "hw_version": nil}, "E7"},
	{edits{dev + "model_id": []any{"x"}}, "E7"},
	{edits{dev + "hw_version": 8}, "H7"},
	{edits{dev + "identifiers": gone{}}, "E7 H7"},
	{edits{dev + "identifiers": []any{}}, "E7"},
	{edits{dev + "identifiers": []any{""}}, "E7"},
	{edits{dev + "identifiers": []any{12}}, "E7"},
	{edits{dev + "identifiers": object{"id": "x"}}, "E7"},
	{edits{dev + "identifiers": []any{"envoy_122233344455", "122233344455"}}, "H7"},
	{edits{dev + "identifiers": "envoy_999999999999"}, "H7"},
	{edits{dev + "serial_number": "999999999999"}, "H7"},
	{edits{dev + "ids": []any{"envoy_122233344455"}}, "E14"},
	{edits{dev + "connections": []any{[]any{"mac", "00:1d:c0:00:00:01"}}}, "H8"},
	{edits{dev + "connections": []any{object{"mac": "00:1d:c0:00:00:01"}}}, "E8 H8"},
	{edits{dev + "connections": []any{[]any{"mac", "00:1d:c0:00:00:01", "x"}}}, "E8 H8"},
	{edits{dev + "connections": "00:1d:c0:00:00:01"}, "E8 H8"},
	{edits{dev + "configuration_url": ""}, "E9"},
	{edits{dev + "configuration_url": "192.0.2.10"}, "E9"},
	{edits{dev + "configuration_url": "ftp://192.0.2.10"}, "E9"},
	{edits{dev + "configuration_url": "http://192.0.2.10/?user=x"}, "H9"},
	{edits{dev + "configuration_url": "http://u:p@192.0.2.10"}, "H35 H9"},
	{edits{dev + "name": gone{}}, "H10"},
	{edits{dev + "model": ""}, "H10"},
	{edits{dev + "sw_version": gone{}}, "H10"},
	{edits{dev + "serial_number": gone{}}, "H10 H7"},
	{edits{dev + "via_device": gone{}}, "H10"},
	{edits{dev + "via_device": "envoy_elsewhere"}, "W10"},
	{edits{dev + "via_device": "envoy_122233344455"}, "W10"},
	{edits{"bridge/device/via_device": "envoy_122233344455"}, "W10"},
	{edits{"bridge/device/sw_version": gone{}}, "H10"},

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
	}, "e13"},
	{edits{power + "p": "sensor"}, "e14"},
	{edits{power + "unit_of_meas": "W"}, "e14"},
	{edits{power + "default_entity_id": "grid_power"}, "H15"},
	{edits{power + "default_entity_id": "sensor.Grid Power"}, "H15"},
	{edits{power + "default_entity_id": "number.grid_power"}, "W15"},
	{edits{power + "default_entity_id": "sensor.power", inv + "default_entity_id": "sensor.power"}, "H15"},
	{edits{power + "state_topic": gone{}}, "H18 e16"},
	{edits{reach + "state_topic": gone{}}, "e16"},
	{edits{inv + "platform": "number"}, "e13 e16"},

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

func TestCheckRefuses(t *testing.T) {
	opts := Options{Published: published, Expiry: expiry, Secrets: []string{"correct horse"}}
	for _, row := range mutations {
		announcement := example()
		for path, v := range row.edits {
			set(t, announcement, path, v)
		}
		findings := Check(messages(t, announcement), opts)
		if got := kinds(findings); got != row.want {
			t.Errorf("with %.200v: found %q, want %q\n%v", row.edits, got, row.want, findings)
		}
	}
}

// TestEveryRule sees that each rule that is applied is also proven.
func TestEveryRule(t *testing.T) {
	var wants []string
	for _, row := range mutations {
		wants = append(wants, strings.Fields(row.want)...)
	}
	for _, row := range updates {
		wants = append(wants, strings.Fields(row.want)...)
	}
	for _, row := range envelopes {
		wants = append(wants, strings.Fields(row.want)...)
	}
	for _, row := range payloads {
		wants = append(wants, strings.Fields(row.want)...)
	}
	proven := map[int]bool{}
	for _, want := range wants {
		rule, err := strconv.Atoi(want[1:])
		if err != nil {
			t.Fatal(err)
		}
		proven[rule] = true
	}
	const timely = 36 // takes two runs, and the rules from 41 the passing of time
	for rule := 1; rule <= 40; rule++ {
		if !proven[rule] && rule != timely {
			t.Errorf("rule %d has no row", rule)
		}
	}
	if n := len(mutations); n < 45 {
		t.Errorf("%d mutations, want 45 or more", n)
	}
}
