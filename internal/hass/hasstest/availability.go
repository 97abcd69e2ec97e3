package hasstest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// availabilityTopics returns the topics on which the availability of m depends.
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
// inherits. s is the severity if they are wrong.
func (c *checker) checkAvailability(s Severity, m map[string]any) {
	v, isList := m["availability"]
	if _, isTopic := m["availability_topic"]; isList && isTopic {
		c.add(s, ruleAvailability, "both availability and availability_topic")
	}
	items := availabilityItems(m)
	if list, ok := v.([]any); isList && len(items) == 0 && (!ok || len(list) > 0) || len(items) < len(list) {
		c.add(s, ruleAvailability, "availability is no list of objects")
	}
	for _, item := range items {
		c.checkAvailabilityItem(s, item)
	}
	if hasSameWords(m) {
		c.add(Warning, ruleAvailability, "available and not available are the same word")
	}
	mode, ok := m["availability_mode"]
	if name, _ := mode.(string); ok && !slices.Contains(ha.AvailabilityModes, name) {
		c.add(s, ruleAvailability, "availability_mode is none of %q", ha.AvailabilityModes)
	}
	if n := len(availabilityTopics(m)); n > 1 && mode != "all" {
		c.add(Warning, ruleAvailability, "%d availability topics, and the mode is not all", n)
	}
}

func (c *checker) checkAvailabilityItem(s Severity, item map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(item)) {
		switch {
		case !slices.Contains(ha.AvailabilityKeys, key):
			c.add(s, ruleAvailability, "availability: key %q is not allowed", key)
		case !isScalar(item[key]):
			c.add(s, ruleAvailability, "availability: %s is no text", key)
		}
	}
	if topic := text(item, "topic"); topic == "" {
		c.add(s, ruleAvailability, "availability: topic is missing")
	} else {
		c.checkTopic(s, "availability topic", topic, false)
	}
	if hasSameWords(item) {
		c.add(Warning, ruleAvailability, "available and not available are the same word")
	}
}

func hasSameWords(m map[string]any) bool {
	available := cmp.Or(text(m, "payload_available"), "online")
	return available == cmp.Or(text(m, "payload_not_available"), "offline")
}

// checkOwnAvailability checks that a device depends on the bridge and on its gateway.
func (c documentChecker) checkOwnAvailability() {
	doc := c.doc
	topics := availabilityTopics(doc.root)
	if !slices.Contains(topics, c.opts.Base+"/bridge/state") {
		c.add(OwnRule, ruleAvailability, "availability lacks the bridge's state")
	}
	if doc.id == c.bridge() || doc.form.platform != "" { // an entity may be available while its gateway is not
		return
	}
	gateway := doc.id
	if c.isTotal(gateway) {
		gateway = strings.TrimSuffix(gateway, "_"+c.bridge())
	} else if !c.isGateway(gateway) {
		gateway = text(doc.device, "via_device") // a device behind a gateway is available if the gateway is
	}
	ofGateway := func(topic string) bool {
		serial, ok := strings.CutPrefix(topic, c.opts.Base+"/")
		serial, found := strings.CutSuffix(serial, "/availability")
		return ok && found && strings.EqualFold("envoy_"+serial, gateway)
	}
	if !slices.ContainsFunc(topics, ofGateway) {
		c.add(OwnRule, ruleAvailability, "availability lacks the gateway's")
	}
}

// checkConnectivity checks that what reports whether something can be reached stays
// available when it cannot.
func (c componentChecker) checkConnectivity() {
	m := c.p.all
	own := text(m, "state_topic")
	if m["device_class"] == "connectivity" && slices.Contains(availabilityTopics(m), own) {
		c.add(OwnRule, ruleConnectivity, "unavailable whenever its state is off")
	}
}
