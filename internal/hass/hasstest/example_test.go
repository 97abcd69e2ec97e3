package hasstest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	bridgeTopic  = "homeassistant/device/envoy_bridge/config"
	gatewayTopic = "homeassistant/device/envoy_122233344455/config"
	gatewayBase  = "envoy/122233344455/"
)

// An object is a piece of a discovery message.
type object = map[string]any

// published contains the payloads of the example's topics.
var published = map[string]string{
	"envoy/bridge/state":                     "online",
	"envoy/bridge/info":                      `{"schema":1}`,
	"envoy/bridge/version":                   "1.0.0",
	"envoy/bridge/started":                   "2026-11-23T19:00:00Z",
	"envoy/bridge/errors":                    "0",
	gatewayBase + "availability":             "online",
	gatewayBase + "grid/power":               "-300",
	gatewayBase + "grid/energy_import":       "10433.214",
	gatewayBase + "grid/energy_export":       "871.5",
	gatewayBase + "grid/frequency":           "49.98",
	gatewayBase + "grid/l1/power":            "-100",
	gatewayBase + "grid/l1/voltage":          "230.1",
	gatewayBase + "grid/l1/power_factor":     "0.985",
	gatewayBase + "limit/power":              "1500",
	gatewayBase + "limit/applies_to":         "export",
	gatewayBase + "limit/production_off":     "OFF",
	gatewayBase + "production/power":         "4200",
	gatewayBase + "production/energy":        "20184.3",
	gatewayBase + "info/token_expires":       "2027-11-23T19:00:00Z",
	gatewayBase + "info/poll_duration":       "412",
	gatewayBase + "info/grid_status":         "normal",
	gatewayBase + "inverter/482210000001":    `{"power":212,"ac":{"voltage":null}}`,
	gatewayBase + "live/production/l1/power": "1400.125",
}

// expiry is that of the topics whose values go stale.
var expiry = map[string]uint32{
	gatewayBase + "grid/power":           120,
	gatewayBase + "grid/frequency":       118,
	gatewayBase + "grid/l1/power":        120,
	gatewayBase + "grid/l1/voltage":      120,
	gatewayBase + "grid/l1/power_factor": 120,
	gatewayBase + "production/power":     120,
}

// example returns a new announcement of a bridge and a gateway with which
// nothing is wrong, the devices by name.
func example() object {
	return object{"bridge": exampleBridge(), "gateway": exampleGateway()}
}

func exampleBridge() object {
	return object{
		"device":            object{"identifiers": []any{"envoy_bridge"}, "name": "Envoy MQTT bridge", "sw_version": "1.0.0"},
		"origin":            object{"name": "envoy-mqtt", "sw_version": "1.0.0", "support_url": "https://example.org/envoy-mqtt"},
		"availability":      []any{object{"topic": "envoy/bridge/state"}},
		"availability_mode": "all",
		"components": entities("envoy_bridge", "envoy/bridge/", map[string]object{
			"version": {"name": "Version", "entity_category": "diagnostic"},
			"started": {"name": "Started", "device_class": "timestamp", "entity_category": "diagnostic"},
			"errors":  {"name": "Errors", "state_class": "total_increasing", "entity_category": "diagnostic", "enabled_by_default": false},
		}),
	}
}

func exampleGateway() object {
	gauge := func(name, class, unit string, precision int) object {
		return object{
			"name": name, "device_class": class, "state_class": "measurement", "unit_of_measurement": unit,
			"suggested_display_precision": precision, "expire_after": 120,
		}
	}
	detail := func(o object) object {
		o["enabled_by_default"] = false
		return o
	}
	counter := func(name string) object {
		return object{"name": name, "device_class": "energy", "state_class": "total_increasing", "unit_of_measurement": "kWh"}
	}
	factor := detail(gauge("Power factor net consumption CT l1", "power_factor", "", 2))
	delete(factor, "unit_of_measurement")
	return object{
		"device": object{
			"identifiers": []any{"envoy_122233344455"}, "name": "Envoy 122233344455", "manufacturer": "Enphase",
			"model": "IQ Gateway Metered", "serial_number": "122233344455", "sw_version": "D8.2.4382",
			"hw_version": "800-00654-r08", "configuration_url": "https://192.0.2.10", "via_device": "envoy_bridge",
		},
		"origin":            object{"name": "envoy-mqtt", "sw_version": "1.0.0"},
		"availability":      []any{object{"topic": "envoy/bridge/state"}, object{"topic": gatewayBase + "availability"}},
		"availability_mode": "all",
		"components": entities("envoy_122233344455", gatewayBase, map[string]object{
			"grid_power":           gauge("Current net power consumption", "power", "W", 0),
			"grid_energy_import":   counter("Lifetime net energy consumption"),
			"grid_energy_export":   counter("Lifetime net energy production"),
			"grid_frequency":       detail(gauge("Frequency net consumption CT", "frequency", "Hz", 2)),
			"grid_l1_power":        detail(gauge("Current net power consumption l1", "power", "W", 0)),
			"grid_l1_voltage":      detail(gauge("Voltage net consumption CT l1", "voltage", "V", 1)),
			"grid_l1_power_factor": factor,
			"production_power":     gauge("Current power production", "power", "W", 0),
			"production_energy":    counter("Lifetime energy production"),
			"token_expires": {
				"name": "Access token expires", "device_class": "timestamp", "entity_category": "diagnostic",
				"state_topic": gatewayBase + "info/token_expires",
			},
			"poll_duration": {
				"name": "Poll duration", "device_class": "duration", "state_class": "measurement", "unit_of_measurement": "ms",
				"entity_category": "diagnostic", "enabled_by_default": false, "state_topic": gatewayBase + "info/poll_duration",
			},
			"grid_status": {
				"name": "Metering status net consumption CT", "device_class": "enum", "entity_category": "diagnostic",
				"options":     []any{"normal", "not-metering", "check-wiring"},
				"state_topic": gatewayBase + "info/grid_status",
			},
			"inverter_power": {
				"name": "Inverter power", "device_class": "power", "state_class": "measurement", "unit_of_measurement": "W",
				"state_topic": gatewayBase + "inverter/482210000001", "value_template": "{{ value_json.power }}",
			},
			"inverter_voltage": {
				"name": "Inverter voltage", "device_class": "voltage", "state_class": "measurement", "unit_of_measurement": "V",
				"state_topic": gatewayBase + "inverter/482210000001", "value_template": "{{ value_json.ac.voltage }}",
				"enabled_by_default": false,
			},
			"limit_set_power": {
				"platform": "number", "name": "Limit power", "device_class": "power", "unit_of_measurement": "W", "entity_category": "config",
				"command_topic": gatewayBase + "limit/set", "command_template": `{"power": {{ value }}}`, "state_topic": gatewayBase + "limit/power",
				"min": 0, "max": 1000000, "step": 1, "mode": "box", "default_entity_id": "number.envoy_122233344455_limit_power",
			},
			"limit_set_applies_to": {
				"platform": "select", "name": "Limit applies to", "options": []any{"off", "export", "production"}, "entity_category": "config",
				"command_topic": gatewayBase + "limit/set", "command_template": `{"applies_to": "{{ value }}"}`, "state_topic": gatewayBase + "limit/applies_to",
			},
			"limit_set_production_off": {
				"platform": "switch", "name": "Switch production off", "entity_category": "config",
				"command_topic": gatewayBase + "limit/set", "state_topic": gatewayBase + "limit/production_off",
				"payload_on": `{"production_off": true}`, "payload_off": `{"production_off": false}`, "state_on": "ON", "state_off": "OFF",
			},
			"reachable": {
				"platform": "binary_sensor", "name": "Reachable", "device_class": "connectivity", "entity_category": "diagnostic",
				"payload_on": "online", "payload_off": "offline", "state_topic": gatewayBase + "availability",
				"availability": []any{object{"topic": "envoy/bridge/state"}},
			},
		}),
	}
}

// entities fills in what all components have: a platform, an id and, where it
// follows from the key, the topic.
func entities(id, base string, components map[string]object) object {
	topic := strings.NewReplacer("grid_l1_", "grid/l1/", "grid_", "grid/", "production_", "production/")
	all := object{}
	for key, o := range components {
		usual := object{"platform": "sensor", "unique_id": id + "_" + key, "state_topic": base + topic.Replace(key)}
		maps.Copy(usual, o)
		all[key] = usual
	}
	return all
}

// messages returns an announcement as it is published.
func messages(t *testing.T, announcement object) []Message {
	t.Helper()
	return []Message{
		message(t, bridgeTopic, announcement["bridge"]),
		message(t, gatewayTopic, announcement["gateway"]),
	}
}

func message(t *testing.T, topic string, document any) Message {
	t.Helper()
	payload, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return Message{Topic: topic, Payload: payload, Retain: true, QoS: 1}
}

// gone is the value of what set takes away.
type gone struct{}

// set puts v at path in an announcement, "gateway/availability/0/topic".
func set(t *testing.T, announcement object, path string, v any) {
	t.Helper()
	names := strings.Split(path, "/")
	last := len(names) - 1
	var at any = announcement
	for _, name := range names[:last] {
		switch place := at.(type) {
		case object:
			at = place[name]
		case []any:
			at = place[index(t, name)]
		}
	}
	switch place := at.(type) {
	case object:
		if place[names[last]] = v; v == (gone{}) {
			delete(place, names[last])
		}
	case []any:
		place[index(t, names[last])] = v
	default:
		t.Fatalf("set %s: no such place", path)
	}
}

func index(t *testing.T, name string) int {
	t.Helper()
	i, err := strconv.Atoi(name)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// kinds returns the different severities and rules of findings, sorted and
// separated by spaces: "message:root-keys own:name".
func kinds(findings []Finding) string {
	var all []string
	for _, f := range findings {
		all = append(all, string(f.Severity)+":"+string(f.Rule))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}
