package hass

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestInbox checks that only our documents are held, and a limited number.
func TestInbox(t *testing.T) {
	const ours = `{"origin":{"name":"envoy-mqtt"},"components":{"a":{"state_topic":"envoy/1/a"}}}`
	i := NewInbox("homeassistant", "envoy-mqtt", "envoy", `sun & "sky"`)
	for topic, doc := range map[string]string{
		"ours":            ours,
		"an earlier base": `{"origin":{"name":"envoy-mqtt"},"availability":[{"topic":"sun \u0026 \"sky\"/bridge/state"}]}`,
		"of others":       strings.Replace(ours, "envoy-mqtt", "Zigbee2MQTT", 1),
		"another base":    strings.Replace(ours, "envoy/", "envoys/", 1),
		"no document":     ours[1:],
		"many members":    `{"origin":{"name":"envoy-mqtt"},"x":"envoy/","components":{"` + strings.Join(names(20_000), `":{},"`) + `":{}}}`,
	} {
		i.Put(topic, []byte(doc), true)
	}
	if i.Put("sent by us", []byte(ours), false) {
		t.Error("our own document is held")
	}
	if got, want := slices.Sorted(maps.Keys(i.payloads())), []string{"an earlier base", "ours"}; !slices.Equal(got, want) {
		t.Errorf("held %q, want %q", got, want)
	}
	i.Put("ours", []byte(ours), true) // again
	i.Put("homeassistant/device/envoy_1/config", []byte(ours), true)
	want := map[documentTopic]string{{prefix: "homeassistant", id: "envoy_1"}: ours}
	if got := i.take("envoy_1", ByDevice); !maps.Equal(got, want) {
		t.Errorf("take = %v, want %v", got, want)
	}
	if got := i.take("envoy_1", ByDevice); len(got) > 0 {
		t.Errorf("take again = %v, want nothing", got)
	}
	large := ours + strings.Repeat(" ", 200_000)
	for _, name := range names(100) {
		i.Put(name, []byte(large), true)
	}
	size := 0
	for topic, doc := range i.payloads() {
		size += len(topic) + len(doc)
	}
	if size != i.size || size > maxReceived || size < maxReceived-300_000 {
		t.Errorf("%d bytes are held and %d counted, want about %d at most", size, i.size, maxReceived)
	}
	for topic := range i.payloads() {
		i.mu.Lock()
		i.remove(topic)
		i.mu.Unlock()
	}
	if i.size != 0 {
		t.Errorf("%d bytes are counted where none are held", i.size)
	}
}

// TestInboxOfKnownDevice checks the messages on the topic of a device of this run.
func TestInboxOfKnownDevice(t *testing.T) {
	for _, row := range []struct {
		name, topic, payload string
		retained, want       bool
	}{
		{"document of a previous run", "known", `{"components":{}}`, true, true},
		{"deletion", "known", "", false, true},
		{"deletion of another device", "other", "", false, false},
		{"deletion after our removal", "removed", "", false, false},
	} {
		i := NewInbox("homeassistant", "envoy-mqtt", "envoy")
		i.watch("known")
		i.watch("removed")
		i.unwatch("removed")
		if got := i.Put(row.topic, []byte(row.payload), row.retained); got != row.want {
			t.Errorf("%s: Put = %t, want %t", row.name, got, row.want)
		}
		wantDeleted := row.want && row.payload == ""
		if got := i.takeDeletion(row.topic); got != wantDeleted {
			t.Errorf("%s: takeDeletion = %t, want %t", row.name, got, wantDeleted)
		}
	}
}

func names(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint("n", i))
	}
	return all
}
