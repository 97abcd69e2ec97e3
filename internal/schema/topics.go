package schema

import (
	"strconv"
	"strings"
)

// The payloads of availability topics and of the bridge's state.
const (
	Online  = "online"
	Offline = "offline"
)

// Topics returns the topics of one bridge, and the identifiers of its devices in
// Home Assistant.
type Topics struct {
	Base     string // of the bridge, such as envoy
	Prefix   string // of Home Assistant's discovery, such as homeassistant
	DeviceID string // of the bridge in Home Assistant; empty means that of Base
	Shard    int    // number of the bridge in a fleet; 0 means that there is no fleet
}

// Bridge returns the topic of a value of the bridge itself.
func (t Topics) Bridge(key string) string { return t.Base + "/" + BridgeLevel(t.Shard) + "/" + key }

// BridgeLevel returns the topic level of a bridge: bridge, or bridge-2 if it is the
// second shard of a fleet.
func BridgeLevel(shard int) string {
	if shard == 0 {
		return "bridge"
	}
	return "bridge-" + strconv.Itoa(shard)
}

// BridgeState returns the topic that is Online while the bridge is connected.
func (t Topics) BridgeState() string { return t.Bridge("state") }

// Gateway returns the topic that everything about a gateway is below.
func (t Topics) Gateway(serial string) string { return t.Base + "/" + serial }

// Availability returns the topic that is Online while a gateway has samples.
func (t Topics) Availability(serial string) string {
	return t.Gateway(serial) + "/" + AvailabilityTopic
}

// AvailabilityTopic is the end of the topic [Topics.Availability], below that of the
// gateway.
const AvailabilityTopic = "availability"

// Info returns the topic of a text about a gateway.
func (t Topics) Info(serial, key string) string { return t.Gateway(serial) + "/" + InfoTopic(key) }

// InfoTopic returns the end of the topic [Topics.Info], below that of the gateway.
func InfoTopic(key string) string { return "info/" + key }

// LimitSet returns the topic of commands that limit the power of a gateway.
func (t Topics) LimitSet(serial string) string { return t.Gateway(serial) + "/limit/set" }

// SubDevice returns the topic of the document of a device behind a gateway. The
// AC Batteries of a gateway share one document.
func (t Topics) SubDevice(gateway, kind, serial string) string {
	if kind == "acb" {
		kind, serial = "battery", "acb"
	}
	return t.Gateway(gateway) + "/" + kind + "/" + serial
}

// Births returns the topics of Home Assistant's birth message: below the
// discovery prefix and, if only that was changed, at the default topic.
func (t Topics) Births() []string {
	const standard = "homeassistant/status"
	if own := t.Prefix + "/status"; own != standard {
		return []string{own, standard}
	}
	return []string{standard}
}

// BridgeID returns the identifier of the bridge in Home Assistant: DeviceID, else one
// that follows from Base and Shard, such as envoy_bridge or envoy_shard-2_bridge.
func (t Topics) BridgeID() string {
	if t.DeviceID != "" {
		return t.DeviceID
	}
	base := t.Base
	if t.Shard > 0 {
		base += "_shard-" + strconv.Itoa(t.Shard)
	}
	// A discovery topic may contain letters, digits, _ and - only.
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			return r
		}
		return '_'
	}, base) + "_bridge"
}

// GatewayID returns the identifier in Home Assistant of a gateway, such as
// envoy_122000000001, or of a total, which contains that of the bridge: two bridges
// may have totals of the same name.
func (t Topics) GatewayID(serial string) string {
	if strings.HasPrefix(serial, totalLevel) {
		return "envoy_" + serial + "_" + t.BridgeID()
	}
	return "envoy_" + serial
}

// TotalLevel returns the topic level of the total that a section configures, such as
// total or total_farm. It takes the place of a serial number, which has digits only.
func TotalLevel(section string) string { return strings.ToLower(section) }

const totalLevel = "total"

// MaxTotalLevel is the length, in bytes, that the level of a total may have. Serial
// numbers are shorter.
const MaxTotalLevel = 32

// SubDeviceID returns the identifier in Home Assistant of a device behind a
// gateway, such as envoy_inverter_122000000001.
func SubDeviceID(kind, serial string) string { return "envoy_" + kind + "_" + serial }
