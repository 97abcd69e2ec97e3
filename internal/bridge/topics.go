package bridge

import (
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// topics knows where everything is published, schema 1.
type topics struct {
	base   string // such as envoy
	prefix string // of Home Assistant's discovery, such as homeassistant
	id     string // the bridge's identifier in Home Assistant; empty means that of base
}

func (t topics) bridge(key string) string          { return t.base + "/bridge/" + key }
func (t topics) gateway(serial string) string      { return t.base + "/" + serial }
func (t topics) availability(serial string) string { return t.gateway(serial) + "/availability" }
func (t topics) info(serial, key string) string    { return t.gateway(serial) + "/info/" + key }

// thing is where the document of a device behind a gateway is. The AC Batteries
// of a gateway have one for all of them.
func (t topics) thing(gateway, kind, serial string) string {
	if kind == "acb" {
		kind, serial = "battery", "acb"
	}
	return t.gateway(gateway) + "/" + kind + "/" + serial
}

func (t topics) config(id string) string { return t.prefix + "/device/" + id + "/config" }

// isConfig reports whether a topic is that of a discovery document.
func (t topics) isConfig(topic string) bool {
	return strings.HasPrefix(topic, t.prefix+"/device/") && strings.HasSuffix(topic, "/config")
}

func (t topics) gatewayConfig(serial string) string {
	return t.config("envoy_" + serial)
}

// births are where Home Assistant says that it has started: below the prefix
// of its discovery and, where only that was changed, at the usual place.
func (t topics) births() []string {
	if t.prefix == "homeassistant" {
		return []string{"homeassistant/status"}
	}
	return []string{t.prefix + "/status", "homeassistant/status"}
}

// bridgeID is the bridge's identifier in Home Assistant.
func (t topics) bridgeID() string {
	if t.id != "" {
		return t.id
	}
	return DeviceID(t.base)
}

// DeviceID returns the identifier in Home Assistant of a bridge whose base topic
// is topic. Home Assistant allows letters, digits, _ and - in a discovery topic.
func DeviceID(topic string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			return r
		}
		return '_'
	}, topic) + "_bridge"
}

// longestLevels is at least as long as what is published below a gateway's
// topic, and as the identifier of a gateway or device in Home Assistant.
const longestLevels = 100

// LongestTopics returns an upper limit of the length of every topic below base,
// and of every discovery topic below prefix, in bytes.
func LongestTopics(base, prefix string) (below, discovery int) {
	t := topics{base: base, prefix: prefix}
	serial := strings.Repeat("0", 32) // the longest that a gateway can have
	below = len(t.gateway(serial)) + longestLevels
	discovery = len(t.config("")) + max(longestLevels, len(t.bridgeID()))
	return below, discovery
}

const (
	payloadOnline  = "online"
	payloadOffline = "offline"
)

// retained is a message that must arrive and stay: it is sent with QoS 1. An
// empty one takes what stands there from the broker.
func retained(topic, payload string) mqtt.Message {
	return mqtt.Message{Topic: topic, Payload: []byte(payload), Retain: true, QoS: 1}
}

// seconds rounds d up to whole seconds, at least one, as MQTT and Home
// Assistant count.
func seconds(d time.Duration) uint32 {
	return uint32(max(1, (d+time.Second-1)/time.Second))
}
