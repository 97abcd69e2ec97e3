package hass_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// TestMigrationOfLateDocuments: a document of the other form that arrives just before
// the inbox is ready gets the migrate message before the device is announced, also if
// the next sample is handled before the inbox.
func TestMigrationOfLateDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const old = "homeassistant/sensor/envoy_1/power/config"
		b := new(mqtttest.Broker)
		o := outbox.New()
		serve(t, o, b)
		inbox := newInbox()
		inbox.MayMigrate = true
		d := newDevice(o, inbox)
		update(d, 3, "power")
		if !inbox.Put(old, []byte(`{"origin":{"name":"envoy-mqtt"},"device":{"identifiers":["envoy_1"]},"unique_id":"envoy_1_power","state_topic":"envoy/1/power"}`), true) {
			t.Fatal("the inbox does not take the document")
		}
		inbox.SetReady()
		update(d, 3, "power")
		for range 20 {
			d.Continue(time.Now())
			time.Sleep(time.Second)
		}
		var got []string
		for _, m := range b.Messages() {
			switch {
			case m.Topic == topic:
				got = append(got, "device")
			case m.Topic == old && m.Payload == "":
				got = append(got, "removed")
			case m.Topic == old:
				got = append(got, m.Payload)
			}
		}
		if want := []string{`{"migrate_discovery":true}`, "device", "removed"}; !slices.Equal(got, want) {
			t.Errorf("published %q, want %q", got, want)
		}
	})
}
