package hasstest

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

func (c documentChecker) checkOrigin(m map[string]any) {
	c.addAmbiguous(MessageLost, expandKeys(m, ha.Abbreviations.Origin))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch {
		case !slices.Contains(ha.OriginKeys, key):
			c.add(MessageLost, ruleOrigin, "origin: key %q is not allowed", key)
		case !isScalar(m[key]):
			c.add(MessageLost, ruleOrigin, "origin: %s is no text", key)
		}
	}
	if text(m, "name") == "" {
		c.add(MessageLost, ruleOrigin, "origin: name is missing")
	}
	if v, ok := m["support_url"]; ok && !isURL(v, "http", "https") {
		c.add(MessageLost, ruleOrigin, "origin: support_url is no web address")
	}
}

func (c documentChecker) checkDevice() {
	m := c.doc.device
	c.addAmbiguous(MessageLost, expandKeys(m, ha.Abbreviations.Device))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		_, isText := m[key].(string)
		switch {
		case !slices.Contains(ha.DeviceKeys, key):
			c.add(MessageLost, ruleDevice, "device: key %q is not allowed", key)
		case key == "identifiers", key == "connections":
		case !isScalar(m[key]):
			c.add(MessageLost, ruleDevice, "device: %s is no text", key)
		case !isText:
			c.add(OwnRule, ruleDevice, "device: %s is not written as text", key)
		}
	}
	c.checkIdentifiers()
	c.checkConnections()
	if v, ok := m["configuration_url"]; ok {
		if !isURL(v, "http", "https", "homeassistant") {
			c.add(MessageLost, ruleDeviceURL, "device: configuration_url is no web address")
		} else if u, _ := url.Parse(v.(string)); u.User != nil || u.RawQuery != "" {
			c.add(OwnRule, ruleDeviceURL, "device: configuration_url contains more than an address")
		}
	}
	for _, key := range c.requiredKeys(c.doc.id) {
		if text(m, key) == "" {
			c.add(OwnRule, ruleDescription, "device: %s is missing", key)
		}
	}
}

// requiredKeys returns the keys that the device with an identifier must have.
func (c documentChecker) requiredKeys(id string) []string {
	if id == c.bridge() {
		return []string{"name", "sw_version"}
	}
	if c.isTotal(id) {
		return []string{"name", "manufacturer", "model", "via_device"}
	}
	keys := []string{"name", "manufacturer", "model", "serial_number", "via_device"}
	if c.isGateway(id) {
		keys = append(keys, "sw_version") // an inverter's is not known
	}
	return keys
}

func (c documentChecker) checkIdentifiers() {
	doc := c.doc
	v, ok := doc.device["identifiers"]
	if !ok {
		if list, _ := doc.device["connections"].([]any); len(list) == 0 {
			c.add(MessageLost, ruleDevice, "device: neither identifiers nor connections")
		}
	}
	if s, ok := v.(string); ok {
		v = []any{s}
	}
	ids, isList := texts(v)
	if ok && (!isList || len(ids) == 0 || slices.Contains(ids, "")) {
		c.add(MessageLost, ruleDevice, "device: identifiers is no list of texts")
		return
	}
	if !slices.Equal(ids, []string{doc.id}) {
		c.add(OwnRule, ruleDevice, "device: identifiers are %q, want the object id alone", ids)
	}
	if doc.id == c.bridge() || c.isTotal(doc.id) {
		return
	}
	match := ourID.FindStringSubmatch(doc.id)
	if match == nil || !strings.EqualFold(match[2]+match[3], text(doc.device, "serial_number")) {
		c.add(OwnRule, ruleDevice, "object id %q is not made of envoy_ and the serial", doc.id)
	}
}

func (c documentChecker) checkConnections() {
	v, ok := c.doc.device["connections"]
	if !ok {
		return
	}
	c.add(OwnRule, ruleConnections, "device: connections join it with devices of other integrations")
	list, ok := v.([]any)
	for _, item := range list {
		pair, isList := texts(item)
		ok = ok && isList && len(pair) == 2
	}
	if !ok {
		c.add(MessageLost, ruleConnections, "device: connections is no list of pairs")
	}
}
