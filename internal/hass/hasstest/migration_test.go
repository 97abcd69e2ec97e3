package hasstest

import (
	"encoding/json"
	"maps"
	"slices"
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
		{func(m object) { m["unit_of_measurement"] = "kW/h" }, "component:unit"},
		{func(m object) { delete(m, "unique_id") }, "message:platform"},
		{func(m object) { delete(m, "device") }, "message:parts"},
		{func(m object) { m["platform"] = "mqtt" }, "warning:platform"},
		{func(m object) { m["availability"] = []any{object{"topic": "envoy/122233344455/availability"}} }, "own:availability"},
		{func(m object) { m["frobnicate"] = true }, "component:keys"},
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

// migrations are recordings of a migration of one entity, in the order of the messages:
// a document of the device or of the entity, the migrate message or the empty message on
// its topic, and acknowledgements.
var migrations = []struct {
	name  string
	steps []string
	want  string
}{
	{"to single entities", []string{
		"device", "device acknowledged", "device migrates", "device acknowledged", "entity", "entity acknowledged",
		"device removed", "device acknowledged",
	}, ""},
	{"to the device", []string{
		"entity", "entity acknowledged", "entity migrates", "entity acknowledged", "device", "device acknowledged",
		"entity removed", "entity acknowledged",
	}, ""},
	{"back again before the end", []string{
		"device", "device acknowledged", "device migrates", "device acknowledged", "entity", "entity acknowledged",
		"entity migrates", "entity acknowledged", "device", "device acknowledged", "entity removed", "entity acknowledged",
	}, ""},
	{"back again before the new document", []string{
		"device", "device acknowledged", "device migrates", "device acknowledged", "device", "device acknowledged",
	}, ""},
	{"continued by the next run", []string{
		"device", "device acknowledged", "device migrates", "device acknowledged", "entity", "entity", "entity acknowledged",
		"device removed", "device acknowledged",
	}, ""},
	{"nothing was announced", []string{"entity", "entity acknowledged"}, ""},
	{"without acknowledgements in the recording", []string{"device", "device migrates", "entity", "device removed"}, ""},
	{"an entity that has gone", []string{"entity", "entity acknowledged", "entity removed"}, ""},
	{"both at once", []string{
		"device", "device acknowledged", "entity", "entity acknowledged",
	}, "component:ids message:one-form warning:entity-topics"},
	{"both at once, then one", []string{
		"device", "device acknowledged", "entity", "entity acknowledged", "device removed",
	}, "message:one-form own:migrate-first"},
	{"another unique id", []string{
		"device", "device acknowledged", "device migrates", "device acknowledged", "entity with another id",
		"entity acknowledged", "device removed",
	}, "own:unique-id"},
	{"removed before the acknowledgement", []string{
		"device", "device acknowledged", "device migrates", "device acknowledged", "entity", "device removed",
		"entity acknowledged",
	}, "own:acknowledged"},
	{"removed before the new document", []string{
		"device", "device acknowledged", "device migrates", "device acknowledged", "device removed", "entity",
		"entity acknowledged",
	}, "own:acknowledged"},
	{"announced before the acknowledgement", []string{
		"device", "device acknowledged", "device migrates", "entity", "device acknowledged", "entity acknowledged",
		"device removed",
	}, "own:acknowledged"},
	{"without the migrate message", []string{
		"device", "device acknowledged", "device removed", "device acknowledged", "entity", "entity acknowledged",
	}, "own:migrate-first"},
	{"with more than the migrate message", []string{
		"device", "device acknowledged", "device migrates, with another key", "device acknowledged", "entity",
		"entity acknowledged", "device removed",
	}, "message:migrate-alone"},
}

func TestCheckMigration(t *testing.T) {
	device := exampleGateway()
	device["components"] = object{"grid_power": device["components"].(object)["grid_power"]}
	bridge := message(t, bridgeTopic, exampleBridge())
	entity := single(t, "envoy_122233344455", device)[0]
	for _, row := range migrations {
		msgs := []Message{bridge}
		if slices.ContainsFunc(row.steps, func(step string) bool { return strings.HasSuffix(step, " acknowledged") }) {
			msgs = append(msgs, Message{Topic: bridgeTopic, Ack: true})
		}
		for _, step := range row.steps {
			m := message(t, gatewayTopic, device)
			if strings.HasPrefix(step, "entity") {
				m = entity
			}
			switch _, what, _ := strings.Cut(step, " "); what {
			case "":
			case "acknowledged":
				m = Message{Topic: m.Topic, Ack: true}
			case "migrates":
				m.Payload = []byte(migrate)
			case "migrates, with another key":
				m.Payload = []byte(`{"migrate_discovery":true,"name":"x"}`)
			case "removed":
				m.Payload = nil
			case "with another id":
				m.Payload = []byte(strings.Replace(string(m.Payload), "_grid_power", "_grid_watts", 1))
			default:
				t.Fatalf("%s: unknown step %q", row.name, step)
			}
			msgs = append(msgs, m)
		}
		findings := Check(msgs, Options{})
		if got := kinds(findings); got != row.want {
			t.Errorf("%s: found %q, want %q\n%v", row.name, got, row.want, findings)
		}
	}
}
