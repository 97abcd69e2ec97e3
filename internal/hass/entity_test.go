package hass_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox/outboxtest"
)

// TestEntity checks what a device adds to the component of an entity, which other
// devices share.
func TestEntity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{Delay: 100 * time.Millisecond}
		o := outbox.New()
		serve(t, o, b)
		shared := hass.Component{ID: "grid_power", Topic: "grid/power", Platform: "sensor", Name: "Power"}
		before := shared
		d := newDevice(o, newInbox())
		d.Add(time.Now(), []hass.Entity{
			{Component: &shared, ExpireAfter: 120},
			{Component: &hass.Component{ID: "power", Platform: "sensor", Name: "Power"}},
		})
		time.Sleep(time.Second)
		received := outboxtest.Received(b, topic)
		if len(received) != 1 {
			t.Fatalf("published %d documents, want 1", len(received))
		}
		var got hass.Document
		if err := json.Unmarshal([]byte(received[0].Payload), &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]hass.Component{
			"grid_power": {Platform: "sensor", Name: "Power", UniqueID: "envoy_1_grid_power", StateTopic: "envoy/1/grid/power", ExpireAfter: 120},
			"power":      {Platform: "sensor", Name: "Power", UniqueID: "envoy_1_power", StateTopic: "envoy/1"},
		}
		if !reflect.DeepEqual(got.Components, want) {
			t.Errorf("published %+v, want %+v", got.Components, want)
		}
		if !reflect.DeepEqual(shared, before) {
			t.Errorf("the shared component has become %+v", shared)
		}
	})
}
