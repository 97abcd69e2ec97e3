package hasstest

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
)

const migrate = `{"migrate_discovery":true}`

// single returns the documents of the example's gateway or bridge, one for each
// entity.
func single(t *testing.T, id string, doc object) (msgs []Message) {
	t.Helper()
	for key, v := range doc["components"].(object) {
		entity := object{"device": doc["device"], "origin": doc["origin"], "availability": doc["availability"], "availability_mode": "all"}
		maps.Copy(entity, v.(object))
		topic := "homeassistant/" + entity["platform"].(string) + "/" + id + "/" + key + "/config"
		delete(entity, "platform")
		msgs = append(msgs, message(t, topic, entity))
	}
	return msgs
}

// TestCheckSingleEntities: the same rules apply to documents of single entities.
func TestCheckSingleEntities(t *testing.T) {
	msgs := append(single(t, "envoy_bridge", exampleBridge()), single(t, "envoy_122233344455", exampleGateway())...)
	for _, f := range Check(msgs, Options{Published: published, Expiry: expiry}) {
		t.Error(f)
	}
	const topic = "homeassistant/sensor/envoy_122233344455/grid_power/config"
	for _, row := range []struct {
		edit func(object)
		want string
	}{
		{func(object) {}, ""},
		{func(m object) { m["unit_of_measurement"] = "kW/h" }, "e21"},
		{func(m object) { delete(m, "unique_id") }, "E11"},
		{func(m object) { delete(m, "device") }, "E5"},
		{func(m object) { m["platform"] = "mqtt" }, "W11"},
		{func(m object) { m["availability"] = []any{object{"topic": "envoy/122233344455/availability"}} }, "H19"},
		{func(m object) { m["frobnicate"] = true }, "e13"},
	} {
		changed := append([]Message(nil), msgs...)
		for i, m := range changed {
			if m.Topic != topic {
				continue
			}
			var entity object
			if err := json.Unmarshal(m.Payload, &entity); err != nil {
				t.Fatal(err)
			}
			row.edit(entity)
			changed[i] = message(t, topic, entity)
		}
		if got := kinds(Check(changed, Options{})); got != row.want {
			t.Errorf("found %q, want %q", got, row.want)
		}
	}
}

// migrations are recordings of a migration of one entity, in the order of the
// wire: d is the device's topic, e that of its entity; ! is the migrate message, -
// the empty one, ~ a document with another unique id, and ? the acknowledgement.
var migrations = []struct{ name, steps, want string }{
	{"to single entities", "d d? d! d!? e e? d- d-?", ""},
	{"to the device", "e e? e! e!? d d? e- e-?", ""},
	{"back again before the end", "d d? d! d!? e e? e! e!? d d? e- e-?", ""},
	{"back again before the new document", "d d? d! d!? d d?", ""},
	{"continued by the next run", "d d? d! d!? e e e? d- d-?", ""},
	{"nothing was announced", "e e?", ""},
	{"without acknowledgements in the recording", "d d! e d-", ""},
	{"an entity that has gone", "e e? e-", ""},
	{"both at once", "d d? e e?", "E42 W17 e12"},
	{"both at once, then one", "d d? e e? d-", "E42 H43"},
	{"another unique id", "d d? d! d!? ~e ~e? d-", "H45"},
	{"removed before the acknowledgement", "d d? d! d!? e d- e?", "H44"},
	{"removed before the new document", "d d? d! d!? d- e e?", "H44"},
	{"announced before the acknowledgement", "d d? d! e d!? e? d-", "H44"},
	{"without the migrate message", "d d? d- d-? e e?", "H43"},
	{"with more than the migrate message", "d d? +d! d!? e e? d-", "E41"},
}

func TestCheckMigration(t *testing.T) {
	device := exampleGateway()
	device["components"] = object{"grid_power": device["components"].(object)["grid_power"]}
	bridge := message(t, bridgeTopic, exampleBridge())
	entity := single(t, "envoy_122233344455", device)[0]
	for _, row := range migrations {
		msgs := []Message{bridge}
		if strings.Contains(row.steps, "?") {
			msgs = append(msgs, Message{Topic: bridgeTopic, Ack: true})
		}
		for step := range strings.FieldsSeq(row.steps) {
			m := message(t, gatewayTopic, device)
			if strings.Contains(step, "e") {
				m = entity
			}
			switch {
			case strings.HasSuffix(step, "?"):
				m = Message{Topic: m.Topic, Ack: true}
			case strings.HasPrefix(step, "+"):
				m.Payload = []byte(`{"migrate_discovery":true,"name":"x"}`)
			case strings.HasSuffix(step, "!"):
				m.Payload = []byte(migrate)
			case strings.HasSuffix(step, "-"):
				m.Payload = nil
			case strings.HasPrefix(step, "~"):
				m.Payload = []byte(strings.Replace(string(m.Payload), "_grid_power", "_grid_watts", 1))
			}
			msgs = append(msgs, m)
		}
		findings := Check(msgs, Options{})
		if got := kinds(findings); got != row.want {
			t.Errorf("%s: found %q, want %q\n%v", row.name, got, row.want, findings)
		}
	}
}
