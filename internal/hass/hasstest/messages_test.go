package hasstest

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// updates break the update of a device that was announced unbroken.
var updates = []mutation{
	{edits{}, ""},
	{edits{power + "name": "Grid"}, ""},
	{edits{"gateway/components/grid_power": object{"platform": "sensor"}}, ""},
	{edits{"gateway/components/grid_power": object{"p": "sensor"}}, ""},
	{edits{"gateway/components/grid_power": gone{}}, "own:update"},
	{edits{"gateway/components/grid_power": object{"platform": "binary_sensor"}}, "own:update"},
	{edits{reach + "platform": "event"}, "component:keys component:required component:unit own:update"},
}

// envelopes are messages that are wrong around a valid payload, or have none.
var envelopes = []struct {
	prefix string
	msg    Message
	want   string
}{
	{"", Message{Topic: bridgeTopic, Retain: true, QoS: 1}, ""},
	{"", Message{Topic: bridgeTopic, QoS: 1}, "own:removal"},
	{"", Message{Topic: bridgeTopic, Payload: valid, Retain: true, QoS: 1}, ""},
	{"", Message{Topic: "homeassistant/device/node/envoy_bridge/config", Payload: valid, Retain: true, QoS: 1}, ""},
	{"", Message{Topic: "homeassistant/device/envoy_bridge", Payload: valid, Retain: true, QoS: 1}, "message:topic"},
	{"", Message{Topic: "homeassistant/device/envoy bridge/config", Payload: valid, Retain: true, QoS: 1}, "message:topic"},
	{"", Message{Topic: "homeassistant/device/a/b/c/config", Payload: valid, Retain: true, QoS: 1}, "message:topic"},
	{"", Message{Topic: "homeassistant/device/config", Payload: valid, Retain: true, QoS: 1}, "message:topic"},
	{"", Message{Topic: "homeassistant/thermometer/envoy_bridge/config", Payload: valid, Retain: true, QoS: 1}, "message:topic"},
	{"", Message{Topic: "homeassistant/sensor/envoy_bridge/config", Payload: valid, Retain: true, QoS: 1}, "own:topic"},
	{"", Message{Topic: "ha/device/envoy_bridge/config", Payload: valid, Retain: true, QoS: 1}, "message:topic"},
	{"ha/#", Message{Topic: "ha/#/device/envoy_bridge/config", Payload: valid, Retain: true, QoS: 1}, "message:topic"},
	{"ha/", Message{Topic: "ha//device/envoy_bridge/config", Payload: valid, Retain: true, QoS: 1}, "message:topic"},
	{"", Message{Topic: "homeassistant/device/solar_bridge/config", Payload: valid, Retain: true, QoS: 1}, "own:availability own:description own:device own:ids"},
	{"", Message{Topic: bridgeTopic, Payload: []byte(`{"device":`), Retain: true, QoS: 1}, "message:payload"},
	{"", Message{Topic: bridgeTopic, Payload: []byte(`[]`), Retain: true, QoS: 1}, "message:payload"},
	{"", Message{Topic: bridgeTopic, Payload: []byte(`null`), Retain: true, QoS: 1}, "message:payload own:removal"},
	{"", Message{Topic: bridgeTopic, Payload: []byte(`{}`), Retain: true, QoS: 1}, "message:parts own:availability own:removal"},
	{"", Message{Topic: bridgeTopic, Payload: append([]byte(`{"origin":{},`), valid[1:]...), Retain: true, QoS: 1}, "message:payload"},
	{"", Message{Topic: bridgeTopic, Payload: append(slices.Clip(valid), make([]byte, maxSize)...), Retain: true, QoS: 1}, "message:payload own:size"},
	{"", Message{Topic: bridgeTopic, Payload: valid, QoS: 1}, "own:delivery"},
	{"", Message{Topic: bridgeTopic, Payload: valid, Retain: true}, "own:delivery"},
	{"", Message{Topic: bridgeTopic, Payload: valid, Retain: true, QoS: 1, Expiry: 60}, "own:delivery"},
}

// valid is the bridge's own message of the example.
var valid = func() []byte {
	payload, err := json.Marshal(exampleBridge())
	if err != nil {
		panic(err) // texts and booleans only
	}
	return payload
}()

func TestCheckEnvelope(t *testing.T) {
	for _, row := range envelopes {
		findings := Check([]Message{row.msg}, Options{Prefix: row.prefix})
		if got := kinds(findings); got != row.want {
			t.Errorf("%s with %.40q…: found %q, want %q\n%v", row.msg.Topic, row.msg.Payload, got, row.want, findings)
		}
	}
}

// payloads are published on one topic in place of the example's.
var payloads = []struct {
	topic, payload, want string
}{
	{gatewayBase + "grid/power", "-299.5", "own:state"},
	{gatewayBase + "grid/power", "NaN", "component:state"},
	{gatewayBase + "grid/power", `{"power":-300}`, "component:state"},
	{gatewayBase + "production/energy", "-1", "warning:counter"},
	{gatewayBase + "info/token_expires", "next year", "component:state"},
	{gatewayBase + "info/grid_status", "on fire", "component:state"},
	{gatewayBase + "availability", "away", "component:state"},
	{gatewayBase + "inverter/482210000001", `{"power":"low","ac":{"voltage":true}}`, "component:state"},
	{gatewayBase + "inverter/482210000001", `{"power":212}`, "own:template"},
	{gatewayBase + "inverter/482210000001", `{"ac":{"voltage":null}}`, "own:template"},
	{gatewayBase + "inverter/482210000001", `212`, "warning:template"},
	{gatewayBase + "storage/power", "0", "own:published"},
	{gatewayBase + "storage/availability", "online", ""},
	{gatewayBase + "raw/production", "{}", ""}, // on the list of what has no entity
	{"elsewhere/power", "0", ""},
	{"envoy/bridge/info", `{"schema":1,"url":"mqtt://user:pass@broker"}`, "own:secrets"},
	{"envoy/bridge/gateways", "1", "own:published"},
}

func TestCheckPublished(t *testing.T) {
	for _, row := range payloads {
		all := maps.Clone(published)
		all[row.topic] = row.payload
		findings := Check(messages(t, example()), Options{Published: all, Ignore: []string{"envoy/*/raw/*"}})
		if got := kinds(findings); got != row.want {
			t.Errorf("%s %s: found %q, want %q\n%v", row.topic, row.payload, got, row.want, findings)
		}
	}
}

// exampleInverter has a message of its own, and one entity.
func exampleInverter() object {
	inverter := exampleGateway()
	inverter["device"] = object{
		"identifiers": []any{"envoy_inverter_482210000001"}, "name": "Inverter 482210000001", "manufacturer": "Enphase",
		"model": "IQ8", "serial_number": "482210000001", "via_device": "envoy_122233344455",
	}
	inverter["components"] = object{"power": object{
		"platform": "sensor", "unique_id": "envoy_inverter_482210000001_power", "name": nil, "device_class": "power",
		"state_class": "measurement", "unit_of_measurement": "W", "value_template": "{{ value_json.power | default(none) }}",
		"state_topic": gatewayBase + "inverter/482210000001",
	}}
	return inverter
}

// An inverter is a device of its own behind its gateway.
func TestCheckInverter(t *testing.T) {
	inverter := exampleInverter()
	energy := object{
		"platform": "sensor", "unique_id": "envoy_inverter_482210000001_energy", "name": "Energy", "device_class": "energy",
		"state_class": "total_increasing", "unit_of_measurement": "kWh", "value_template": "{{ value_json.energy }}",
		"state_topic": gatewayBase + "inverter/482210000001",
	}
	inverter["components"].(object)["energy"] = energy

	for _, row := range []struct {
		enabled bool
		want    string
	}{{false, ""}, {true, "own:enabled"}} {
		energy["enabled_by_default"] = row.enabled
		msg := message(t, "homeassistant/device/envoy_inverter_482210000001/config", inverter)
		findings := Check(append(messages(t, example()), msg), Options{})
		if got := kinds(findings); got != row.want {
			t.Errorf("detail enabled %v: found %q, want %q\n%v", row.enabled, got, row.want, findings)
		}
	}
}

// TestCheckOrder checks that a device behind a gateway is announced after it, and
// depends on the availability of its own gateway.
func TestCheckOrder(t *testing.T) {
	inverter := exampleInverter()
	msg := message(t, "homeassistant/device/envoy_inverter_482210000001/config", inverter)
	if got := kinds(Check(append([]Message{msg}, messages(t, example())...), Options{})); got != "warning:description" {
		t.Errorf("before its gateway: found %q, want warning:description", got)
	}
	inverter["availability"] = []any{object{"topic": "envoy/bridge/state"}, object{"topic": "envoy/129999999999/availability"}}
	msg = message(t, "homeassistant/device/envoy_inverter_482210000001/config", inverter)
	if got := kinds(Check(append(messages(t, example()), msg), Options{})); got != "own:availability" {
		t.Errorf("with another gateway's availability: found %q, want own:availability", got)
	}
}
