package hasstest

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The origin and the device. Rules 6 to 10.

// ourID is the identifier of a gateway, or of what hangs on one.
var ourID = regexp.MustCompile(`^envoy_(?:([a-z]+_)([A-Za-z0-9]{1,32})|([A-Za-z0-9]{6,32}))$`)

func (c *checker) origin(m map[string]any) {
	c.both(MessageLost, lengthen(m, ha.Abbreviations.Origin))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch {
		case !slices.Contains(ha.OriginKeys, key):
			c.add(MessageLost, 6, "origin: key %q is not allowed", key)
		case !scalar(m[key]):
			c.add(MessageLost, 6, "origin: %s is no text", key)
		}
	}
	if text(m, "name") == "" {
		c.add(MessageLost, 6, "origin: name is missing")
	}
	if v, ok := m["support_url"]; ok && !isURL(v, "http", "https") {
		c.add(MessageLost, 6, "origin: support_url is no web address")
	}
}

func (c *checker) device(doc *document) {
	m := doc.device
	c.both(MessageLost, lengthen(m, ha.Abbreviations.Device))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		_, isText := m[key].(string)
		switch {
		case !slices.Contains(ha.DeviceKeys, key):
			c.add(MessageLost, 7, "device: key %q is not allowed", key)
		case key == "identifiers", key == "connections":
		case !scalar(m[key]):
			c.add(MessageLost, 7, "device: %s is no text", key)
		case !isText:
			c.add(House, 7, "device: %s is not written as text", key)
		}
	}
	c.identifiers(doc)
	c.connections(m)
	if v, ok := m["configuration_url"]; ok {
		if !isURL(v, "http", "https", "homeassistant") {
			c.add(MessageLost, 9, "device: configuration_url is no web address")
		} else if u, _ := url.Parse(v.(string)); u.User != nil || u.RawQuery != "" {
			c.add(House, 9, "device: configuration_url holds more than an address")
		}
	}
	for _, key := range c.wanted(doc.id) {
		if text(m, key) == "" {
			c.add(House, 10, "device: %s is missing", key)
		}
	}
}

// wanted returns the keys that each of our devices has.
func (c *checker) wanted(id string) []string {
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

func (c *checker) isGateway(id string) bool {
	m := ourID.FindStringSubmatch(id)
	return m != nil && m[1] == "" && id != c.bridge()
}

// isTotal reports whether id is that of a total of several gateways.
func (c *checker) isTotal(id string) bool {
	return strings.HasPrefix(id, "envoy_total") && strings.HasSuffix(id, "_"+c.bridge())
}

func (c *checker) identifiers(doc *document) {
	v, ok := doc.device["identifiers"]
	if !ok {
		if list, _ := doc.device["connections"].([]any); len(list) == 0 {
			c.add(MessageLost, 7, "device: neither identifiers nor connections")
		}
	}
	if s, ok := v.(string); ok {
		v = []any{s}
	}
	ids, isList := texts(v)
	if ok && (!isList || len(ids) == 0 || slices.Contains(ids, "")) {
		c.add(MessageLost, 7, "device: identifiers is no list of texts")
		return
	}
	if !slices.Equal(ids, []string{doc.id}) {
		c.add(House, 7, "device: identifiers are %q, want the object id alone", ids)
	}
	if doc.id == c.bridge() || c.isTotal(doc.id) {
		return
	}
	match := ourID.FindStringSubmatch(doc.id)
	if match == nil || !strings.EqualFold(match[2]+match[3], text(doc.device, "serial_number")) {
		c.add(House, 7, "object id %q is not made of envoy_ and the serial", doc.id)
	}
}

func (c *checker) connections(m map[string]any) {
	v, ok := m["connections"]
	if !ok {
		return
	}
	c.add(House, 8, "device: connections join us with the devices of others")
	list, ok := v.([]any)
	for _, item := range list {
		pair, isList := texts(item)
		ok = ok && isList && len(pair) == 2
	}
	if !ok {
		c.add(MessageLost, 8, "device: connections is no list of pairs")
	}
}

// texts returns the list v, and whether it is one that holds nothing but text.
func texts(v any) ([]string, bool) {
	list, ok := v.([]any)
	var out []string
	for _, item := range list {
		s, isText := item.(string)
		ok = ok && isText
		out = append(out, s)
	}
	return out, ok
}

// isURL reports whether v is an address with a host and one of schemes.
func isURL(v any, schemes ...string) bool {
	s, _ := v.(string)
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme)
}
