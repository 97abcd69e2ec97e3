package hass_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

func discoveryTopic(id string) string { return "homeassistant/device/" + id + "/config" }

func newInverters(o *outbox.Outbox, inbox *hass.Inbox) *hass.SubDevices {
	return hass.NewSubDevices(hass.SubDevicesConfig{
		Outbox:   o,
		Inbox:    inbox,
		IDPrefix: "envoy_inverter_",
		StateTopics: func(id string) []string {
			return []string{"envoy/1/inverter/" + strings.TrimPrefix(id, "envoy_inverter_")}
		},
		Template: &hass.Document{Origin: hass.Origin{Name: "envoy-mqtt"}},
		Via:      "envoy_1",
	})
}

// inverters returns sub-devices with an entity for each of the named values.
func inverters(serials string, values ...string) []hass.SubDevice {
	var ds []hass.SubDevice
	for serial := range strings.FieldsSeq(serials) {
		id, stateTopic := "envoy_inverter_"+serial, "envoy/1/inverter/"+serial
		var es []hass.Entity
		for _, v := range values {
			es = append(es, hass.Entity{Component: &hass.Component{ID: v, Platform: "sensor"}})
		}
		ds = append(ds, hass.SubDevice{
			Info:       hass.DeviceInfo{Identifiers: []string{id}, ViaDevice: "envoy_1"},
			StateTopic: stateTopic,
			State:      []byte("{}"),
			Expires:    time.Now().Add(time.Hour),
			Entities:   es,
		})
	}
	return ds
}

// TestSubDevices checks which topics are retained after several answers, five
// minutes apart.
func TestSubDevices(t *testing.T) {
	both := []string{
		"envoy/1/inverter/a", "envoy/1/inverter/b",
		discoveryTopic("envoy_inverter_a"), discoveryTopic("envoy_inverter_b"),
	}
	onlyA := []string{"envoy/1/inverter/a", discoveryTopic("envoy_inverter_a")}
	rows := []struct {
		name     string
		answers  []string // serial numbers; the prefix "~" means an incomplete answer
		previous string   // serial number of a sub-device of a previous run
		want     []string
		removed  []string
	}{
		{"present", []string{"a b", "a b"}, "", both, nil},
		{"missing twice", []string{"a b", "a", "a"}, "", both, nil},
		{"missing three times", []string{"a b", "a", "a", "a"}, "", onlyA, []string{"envoy_inverter_b"}},
		{"missing in incomplete answers", []string{"a b", "~a", "~a", "~a"}, "", both, nil},
		{"missing, back, missing", []string{"a b", "a", "a", "a b", "a", "a"}, "", both, nil},
		{"of a previous run, too early", []string{"a", "a"}, "b", both, nil},
		{"of a previous run, not present", []string{"a", "a", "a"}, "b", onlyA, nil},
		{"of a previous run, present", []string{"a b", "a b", "a b"}, "b", both, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &mqtttest.Broker{}
				o := outbox.New()
				serve(t, o, b)
				inbox := newInbox()
				s := newInverters(o, inbox)
				if row.previous != "" {
					id, stateTopic := "envoy_inverter_"+row.previous, "envoy/1/inverter/"+row.previous
					document := `{"origin":{"name":"envoy-mqtt"},"device":{"identifiers":["` + id + `"],"via_device":"envoy_1"},"components":{"power":{"platform":"sensor","unique_id":"x","state_topic":"` + stateTopic + `"}}}`
					o.Set(outbox.Entry{Topic: discoveryTopic(id), Payload: []byte(document)})
					o.Set(outbox.Entry{Topic: stateTopic, Payload: []byte("{}")})
					inbox.Put(discoveryTopic(id), []byte(document), true)
				}
				var removed []string
				for _, answer := range row.answers {
					serials, incomplete := strings.CutPrefix(answer, "~")
					s.Receive()
					removed = append(removed, s.Update(time.Now(), inverters(serials, "power"), !incomplete)...)
					time.Sleep(5 * time.Minute)
				}
				if got := slices.Sorted(maps.Keys(b.RetainedAll())); !slices.Equal(got, row.want) {
					t.Errorf("retained: %q, want %q", got, row.want)
				}
				if !slices.Equal(removed, row.removed) {
					t.Errorf("removed %q, want %q", removed, row.removed)
				}
			})
		})
	}
}

// TestSubDeviceEntities checks that a value which is missing from later answers
// keeps its entity, and that an entity of a previous run is removed.
func TestSubDeviceEntities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		inbox := newInbox()
		inbox.Put(discoveryTopic("envoy_inverter_a"), []byte(`{"origin":{"name":"envoy-mqtt"},"device":{"identifiers":["envoy_inverter_a"],"via_device":"envoy_1"},"components":{
			"old":{"platform":"sensor","unique_id":"envoy_inverter_a_old","state_topic":"envoy/1/inverter/a"}}}`), true)
		s := newInverters(o, inbox)
		for _, values := range [][]string{{"power"}, {"power", "temperature"}, {"power"}, {"power"}, {"power"}} {
			s.Receive()
			s.Update(time.Now(), inverters("a", values...), true)
			time.Sleep(5 * time.Minute)
		}
		want := []string{"power", "power temperature", "-old power temperature"}
		if got := documents(t, b, discoveryTopic("envoy_inverter_a")); !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
	})
}

// TestDeletedSubDevice checks that a sub-device that a user has deleted is
// published again only after Home Assistant has started.
func TestDeletedSubDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		inbox := newInbox()
		s := newInverters(o, inbox)
		update := func(want int) {
			t.Helper()
			s.Update(time.Now(), inverters("a", "power"), true)
			time.Sleep(5 * time.Minute)
			if n := len(documents(t, b, discoveryTopic("envoy_inverter_a"))); n != want {
				t.Errorf("published %d documents, want %d", n, want)
			}
		}
		update(1)
		inbox.Put(discoveryTopic("envoy_inverter_a"), nil, false)
		if !s.Receive() {
			t.Error("Receive = false, want true")
		}
		update(1)
		for d := range s.Devices() {
			d.HomeAssistantStarted(time.Now())
		}
		update(2)
	})
}
