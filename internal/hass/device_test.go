package hass_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox/outboxtest"
)

const topic = "homeassistant/device/envoy_1/config"

// serve sends the content of o to b until the test ends.
func serve(t *testing.T, o *outbox.Outbox, b *mqtttest.Broker) {
	t.Helper()
	outboxtest.Serve(t, &outbox.Writer{Outbox: o}, b)
}

func newInbox() *hass.Inbox { return hass.NewInbox("homeassistant", "envoy-mqtt", "envoy") }

func newDevice(o *outbox.Outbox, inbox *hass.Inbox) *hass.Device {
	return hass.NewDevice(o, inbox, &hass.Document{Origin: hass.Origin{Name: "envoy-mqtt"}}, hass.DeviceInfo{Identifiers: []string{"envoy_1"}}, "envoy/1")
}

func entities(ids ...string) []hass.Entity {
	var es []hass.Entity
	for _, id := range ids {
		es = append(es, hass.Entity{Component: &hass.Component{ID: id, Topic: id, Platform: "sensor"}})
	}
	return es
}

// update calls Update once per second.
func update(d *hass.Device, seconds int, ids ...string) {
	for range seconds {
		d.Update(time.Now(), entities(ids...))
		time.Sleep(time.Second)
	}
}

// documents returns the components of each document that b received. A
// component that is to be removed has the prefix "-".
func documents(t *testing.T, b *mqtttest.Broker, topic string) []string {
	t.Helper()
	var documents []string
	for _, r := range outboxtest.Received(b, topic) {
		var d hass.Document
		if err := json.Unmarshal([]byte(r.Payload), &d); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for id, c := range d.Components {
			if c.UniqueID == "" {
				id = "-" + id
			}
			ids = append(ids, id)
		}
		slices.Sort(ids)
		documents = append(documents, strings.Join(ids, " "))
	}
	return documents
}

func TestLifecycle(t *testing.T) {
	rows := []struct {
		name string
		run  func(*hass.Device, *hass.Inbox)
		want []string // documents
	}{
		{"new entity", func(d *hass.Device, _ *hass.Inbox) {
			update(d, 5, "power")
			update(d, 5, "power", "voltage")
		}, []string{"power", "power voltage"}},
		{"entity missing for 50 s", func(d *hass.Device, _ *hass.Inbox) {
			update(d, 5, "power", "voltage")
			update(d, 50, "power")
			update(d, 5, "power", "voltage")
		}, []string{"power voltage"}},
		{"entity missing for 70 s", func(d *hass.Device, _ *hass.Inbox) {
			update(d, 5, "power", "voltage")
			update(d, 70, "power")
		}, []string{"power voltage", "-voltage power", "power"}},
		{"entity missing from two updates", func(d *hass.Device, _ *hass.Inbox) {
			update(d, 5, "power", "voltage")
			for range 2 {
				time.Sleep(2 * time.Minute)
				update(d, 1, "power")
			}
			update(d, 5, "power", "voltage")
		}, []string{"power voltage"}},
		{"missing entity that may appear", func(d *hass.Device, _ *hass.Inbox) {
			mayAppear := true
			d.MayAppear = func(id string, _ bool) bool { return id == "voltage" && mayAppear }
			update(d, 5, "power", "voltage", "current")
			update(d, 70, "power")
			mayAppear = false
			update(d, 5, "power")
		}, []string{"current power voltage", "-current power voltage", "power voltage", "-voltage power", "power"}},
		{"entity returns during its removal", func(d *hass.Device, _ *hass.Inbox) {
			update(d, 5, "power", "voltage")
			update(d, 61, "power")
			update(d, 5, "power", "voltage")
		}, []string{"power voltage", "-voltage power", "power voltage"}},
		{"entity of the previous run", func(d *hass.Device, inbox *hass.Inbox) {
			inbox.Put(topic, []byte(`{"origin":{"name":"envoy-mqtt"},"components":{"old":{"platform":"sensor","unique_id":"envoy_1_old"},"power":{"platform":"sensor","unique_id":"envoy_1_power"}}}`), true)
			d.Receive()
			update(d, 70, "power")
		}, []string{"old power", "-old power", "power"}},
		{"entity of the previous run that comes late", func(d *hass.Device, inbox *hass.Inbox) {
			inbox.Put(topic, []byte(`{"origin":{"name":"envoy-mqtt"},"components":{"late":{"platform":"sensor","unique_id":"envoy_1_late"},"power":{"platform":"sensor","unique_id":"envoy_1_power"}}}`), true)
			d.Receive()
			update(d, 50, "power")
			update(d, 50, "power", "late")
		}, []string{"late power", "late power"}},
		{"document of a run that ended before the removal", func(d *hass.Device, inbox *hass.Inbox) {
			inbox.Put(topic, []byte(`{"origin":{"name":"envoy-mqtt"},"components":{"old":{"platform":"sensor","unique_id":"envoy_1_old"}}}`), true)
			d.Receive()
			update(d, 50, "power")
		}, []string{"old power"}},
		{"two documents of the previous run", func(d *hass.Device, inbox *hass.Inbox) {
			inbox.Put(topic, []byte(`{"components":{"old":{"platform":"sensor","unique_id":"envoy_1_old"}}}`), true)
			d.Receive()
			inbox.Put(topic, []byte(`{"components":{"power":{"platform":"sensor","unique_id":"envoy_1_power"}}}`), true)
			d.Receive()
			update(d, 70, "power")
		}, []string{"old power", "-old power", "power"}},
		{"deleted by a user", func(d *hass.Device, inbox *hass.Inbox) {
			update(d, 5, "power")
			inbox.Put(topic, nil, false)
			d.Receive()
			update(d, 20, "power", "voltage")
		}, []string{"power"}},
		{"Home Assistant starts after the deletion", func(d *hass.Device, inbox *hass.Inbox) {
			update(d, 5, "power")
			inbox.Put(topic, nil, false)
			d.Receive()
			update(d, 5, "power", "voltage")
			d.HomeAssistantStarted(time.Now())
			update(d, 5, "power", "voltage")
		}, []string{"power", "power voltage"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &mqtttest.Broker{Delay: 100 * time.Millisecond}
				o := outbox.New()
				serve(t, o, b)
				inbox := newInbox()
				row.run(newDevice(o, inbox), inbox)
				if got := documents(t, b, topic); !slices.Equal(got, row.want) {
					t.Errorf("published %q, want %q", got, row.want)
				}
			})
		})
	}
}

// TestRemovalWaitsForAcknowledgement checks the order: first step, its
// acknowledgement, then the second step and the removal of the state topic.
func TestRemovalWaitsForAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{Delay: 20 * time.Second}
		o := outbox.New()
		serve(t, o, b)
		d := newDevice(o, newInbox())
		o.Set(outbox.Entry{Topic: "envoy/1/voltage", Payload: []byte("230")})
		update(d, 25, "power", "voltage")
		update(d, 75, "power")
		want := []string{"power voltage", "-voltage power"}
		if got := documents(t, b, topic); !slices.Equal(got, want) {
			t.Errorf("before the acknowledgement: published %q, want %q", got, want)
		}
		if _, ok := b.RetainedAll()["envoy/1/voltage"]; !ok {
			t.Error("before the acknowledgement: the state topic was removed")
		}
		update(d, 20, "power")
		if got := documents(t, b, topic); !slices.Equal(got, append(want, "power")) {
			t.Errorf("published %q, want %q", got, append(want, "power"))
		}
		if topics := slices.Sorted(maps.Keys(b.RetainedAll())); !slices.Equal(topics, []string{topic}) {
			t.Errorf("retained: %q, want the document only", topics)
		}
	})
}

// TestForeignTopicIsNotRemoved checks that a retained document cannot make the
// device remove topics of other programs, or topics that are in use.
func TestForeignTopicIsNotRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mqtttest.Broker{}
		o := outbox.New()
		serve(t, o, b)
		inbox := newInbox()
		d := newDevice(o, inbox)
		want := map[string]string{"other/state": "1", "envoy/1/power": "1"}
		for topic, payload := range want {
			o.Set(outbox.Entry{Topic: topic, Payload: []byte(payload)})
		}
		o.Set(outbox.Entry{Topic: "envoy/1/old", Payload: []byte("1")})
		inbox.Put(topic, []byte(`{"origin":{"name":"envoy-mqtt"},"components":{
			"a":{"platform":"sensor","unique_id":"a","state_topic":"other/state"},
			"b":{"platform":"sensor","unique_id":"b","state_topic":"envoy/1/power"},
			"c":{"platform":"sensor","unique_id":"c","state_topic":"envoy/1/old"}}}`), true)
		d.Receive()
		update(d, 80, "power")
		got := b.RetainedAll()
		delete(got, topic)
		if !maps.Equal(got, want) {
			t.Errorf("retained: %v, want %v", got, want)
		}
	})
}

func TestBirthDebouncer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var births hass.BirthDebouncer
		start := time.Now()
		answer := start
		for answer.Sub(start) < time.Minute {
			if next := time.Now().Add(births.Add(time.Now())); next.Sub(start) <= 15*time.Second {
				answer = next
			} else {
				t.Fatalf("answer after %v, want at most 15 s", next.Sub(start))
			}
			time.Sleep(500 * time.Millisecond)
			if !time.Now().Before(answer) {
				return
			}
		}
	})
}

// TestDeletedDeviceIsNotAwaited: a device that a user has deleted has no document that
// refers to earlier topics, so that the cleaner does not wait for one.
func TestDeletedDeviceIsNotAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(mqtttest.Broker)
		o := outbox.New()
		serve(t, o, b)
		inbox := newInbox()
		d := newDevice(o, inbox)
		update(d, 5, "power")
		inbox.Put(topic, nil, false)
		if !d.Receive() || !d.IsPublished() {
			t.Errorf("IsPublished = %t after a deletion, want true", d.IsPublished())
		}
	})
}
