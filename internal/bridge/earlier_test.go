package bridge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestInventory: what is kept of retained documents is ours, and limited.
func TestInventory(t *testing.T) {
	const ours = `{"origin":{"name":"envoy-mqtt"},"components":{"a":{"state_topic":"envoy/1/a"}}}`
	i := newInventory("envoy", `sun & "sky"`)
	for topic, doc := range map[string]string{
		"ours":            ours,
		"an earlier base": `{"origin":{"name":"envoy-mqtt"},"availability":[{"topic":"sun \u0026 \"sky\"/bridge/state"}]}`,
		"of others":       strings.Replace(ours, "envoy-mqtt", "Zigbee2MQTT", 1),
		"another base":    strings.Replace(ours, "envoy/", "envoys/", 1),
		"no document":     ours[1:],
		"many members":    `{"origin":{"name":"envoy-mqtt"},"x":"envoy/","components":{"` + strings.Join(names(20_000), `":{},"`) + `":{}}}`,
	} {
		i.keep(topic, []byte(doc))
	}
	if got, want := slices.Sorted(maps.Keys(i.all())), []string{"an earlier base", "ours"}; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
	i.keep("ours", []byte(ours)) // again
	if doc, ok := i.take("ours"); doc != ours || !ok {
		t.Errorf("take = %q, %t, want the document", doc, ok)
	}
	if doc, ok := i.take("ours"); doc != "" || ok {
		t.Errorf("take again = %q, %t, want none", doc, ok)
	}
	large := ours + strings.Repeat(" ", 200_000)
	for _, name := range names(100) {
		i.keep(name, []byte(large))
	}
	size := 0
	for topic, doc := range i.all() {
		size += len(topic) + len(doc)
	}
	if size != i.size || size > mostKept || size < mostKept-300_000 {
		t.Errorf("%d bytes are kept and %d counted, want about %d at most", size, i.size, mostKept)
	}
	for topic := range i.all() {
		i.take(topic)
	}
	if i.size != 0 {
		t.Errorf("%d bytes are counted where none are kept", i.size)
	}
}

func names(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint("n", i))
	}
	return all
}
