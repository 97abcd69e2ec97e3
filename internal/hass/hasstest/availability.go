package hasstest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Availability. Rules 19 and 20.

// availabilityTopics returns the topics on which m's availability hangs.
func availabilityTopics(m map[string]any) []string {
	var topics []string
	for _, item := range availabilityItems(m) {
		topics = append(topics, text(item, "topic"))
	}
	if topic := text(m, "availability_topic"); topic != "" {
		topics = append(topics, topic)
	}
	return topics
}

// checkAvailability checks the keys of m, the root or a component with what it
// inherits; s is what becomes of it when they are wrong.
func (c *checker) checkAvailability(s Severity, m map[string]any) {
	v, isList := m["availability"]
	if _, isTopic := m["availability_topic"]; isList && isTopic {
		c.add(s, 19, "both availability and availability_topic")
	}
	items := availabilityItems(m)
	if list, ok := v.([]any); isList && len(items) == 0 && (!ok || len(list) > 0) || len(items) < len(list) {
		c.add(s, 19, "availability is no list of objects")
	}
	for _, item := range items {
		c.checkAvailabilityItem(s, item)
	}
	if sameWord(m) {
		c.add(Warning, 19, "available and not available are the same word")
	}
	mode, ok := m["availability_mode"]
	if name, _ := mode.(string); ok && !slices.Contains(ha.AvailabilityModes, name) {
		c.add(s, 19, "availability_mode is none of %q", ha.AvailabilityModes)
	}
	if n := len(availabilityTopics(m)); n > 1 && mode != "all" {
		c.add(Warning, 19, "%d availability topics, and the mode is not all", n)
	}
}

func (c *checker) checkAvailabilityItem(s Severity, item map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(item)) {
		switch {
		case !slices.Contains(ha.AvailabilityKeys, key):
			c.add(s, 19, "availability: key %q is not allowed", key)
		case !scalar(item[key]):
			c.add(s, 19, "availability: %s is no text", key)
		}
	}
	if topic := text(item, "topic"); topic == "" {
		c.add(s, 19, "availability: topic is missing")
	} else {
		c.checkTopic(s, "availability topic", topic, false)
	}
	if sameWord(item) {
		c.add(Warning, 19, "available and not available are the same word")
	}
}

func sameWord(m map[string]any) bool {
	available := cmp.Or(text(m, "payload_available"), "online")
	return available == cmp.Or(text(m, "payload_not_available"), "offline")
}

// checkOwnAvailability checks that a device hangs on the bridge and on its gateway.
func (c documentChecker) checkOwnAvailability() {
	doc := c.doc
	topics := availabilityTopics(doc.root)
	if !slices.Contains(topics, c.opts.Base+"/bridge/state") {
		c.add(House, 19, "availability lacks the bridge's state")
	}
	if doc.id == c.bridge() || doc.form.platform != "" { // an entity may be there while its gateway is not
		return
	}
	gateway := doc.id
	if c.isTotal(gateway) {
		gateway = strings.TrimSuffix(gateway, "_"+c.bridge())
	} else if !c.isGateway(gateway) {
		gateway = text(doc.device, "via_device") // what hangs on a gateway is there when that is
	}
	ofGateway := func(topic string) bool {
		serial, ok := strings.CutPrefix(topic, c.opts.Base+"/")
		serial, found := strings.CutSuffix(serial, "/availability")
		return ok && found && strings.EqualFold("envoy_"+serial, gateway)
	}
	if !slices.ContainsFunc(topics, ofGateway) {
		c.add(House, 19, "availability lacks the gateway's")
	}
}

// checkConnectivity checks that what reports whether something can be reached stays
// available when it cannot.
func (c componentChecker) checkConnectivity() {
	m := c.p.all
	own := text(m, "state_topic")
	if m["device_class"] == "connectivity" && slices.Contains(availabilityTopics(m), own) {
		c.add(House, 20, "unavailable whenever it has to say no")
	}
}
