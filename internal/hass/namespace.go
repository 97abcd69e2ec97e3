package hass

import (
	"encoding/json"
	"slices"
	"strings"
)

// A Namespace is where a run of the program publishes retained topics.
type Namespace struct {
	Topic   string   // the base topic
	Prefix  string   // of the discovery topics; empty for no discovery
	Serials []string // of the gateways
}

// Topics are the topics in a Namespace, and identifiers in Home Assistant.
type Topics interface {
	Bridge(key string) string
	Gateway(serial string) string
	Availability(serial string) string
	BridgeID() string
	GatewayID(serial string) string
}

// isCurrent reports whether n is where this run publishes.
func (c *Cleaner) isCurrent(n Namespace) bool {
	return n.Topic == c.Current.Topic && n.Prefix == c.Current.Prefix
}

// isEmpty reports whether n can have no topics that are not renewed.
func (c *Cleaner) isEmpty(n Namespace) bool {
	return n.Topic == c.Current.Topic && (n.Prefix == "" || n.Prefix == c.Current.Prefix) && len(c.obsoleteSerials(n)) == 0
}

// obsoleteSerials returns the gateways of n whose values are not renewed.
func (c *Cleaner) obsoleteSerials(n Namespace) []string {
	if n.Topic != c.Current.Topic {
		return n.Serials
	}
	active := c.ActiveSerials()
	return slices.DeleteFunc(slices.Clone(n.Serials), func(serial string) bool { return slices.Contains(active, serial) })
}

// isObsolete reports whether a retained message belongs to n and is not renewed.
func (c *Cleaner) isObsolete(n Namespace, topic string, payload []byte) bool {
	old := c.TopicsOf(n.Topic)
	for _, serial := range c.obsoleteSerials(n) {
		if strings.HasPrefix(topic, old.Gateway(serial)+"/") {
			return true
		}
	}
	if n.Topic != c.Current.Topic && strings.HasPrefix(topic, old.Bridge("")) {
		return true
	}
	parts, isDocument := parseTopic(topic)
	var header documentHeader
	if n.Prefix == "" || !isDocument || parts.prefix != n.Prefix || json.Unmarshal(payload, &header) != nil ||
		header.Origin.Name != c.Origin || !header.requires(old.Bridge("state")) {
		return false
	}
	isOfAny := func(serials []string) bool {
		return slices.ContainsFunc(serials, func(serial string) bool {
			return header.requires(old.Availability(serial)) || parts.form() == ByEntity && header.isOf(c.Topics.GatewayID(serial))
		})
	}
	if !isOfBridge(parts, header) && !isOfAny(n.Serials) {
		return false
	}
	// Under the present prefix, documents of active gateways will be overwritten.
	isReplaced := parts.id == c.Topics.BridgeID() || isOfAny(c.ActiveSerials())
	return n.Prefix != c.Current.Prefix || !isReplaced
}

// isOfBridge reports whether a document is that of a bridge, and not of a gateway.
// An entity that is available while the gateway is offline has a document with the
// bridge's availability only.
func isOfBridge(topic documentTopic, h documentHeader) bool {
	if topic.form() == ByEntity {
		return strings.HasSuffix(topic.id, "_bridge")
	}
	return len(h.Availability) == 1
}
