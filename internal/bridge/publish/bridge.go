package publish

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A BridgePublisher publishes the topics of the bridge itself and its device in Home
// Assistant, which the gateways are connected by.
type BridgePublisher struct {
	Discovery *Discovery
	shared    *Shared
	started   time.Time
}

// NewBridgePublisher returns the publisher.
func NewBridgePublisher(s *Shared, log zerolog.Logger) *BridgePublisher {
	var device *hass.Device
	if s.Inbox != nil {
		name := "Envoy MQTT bridge"
		if s.Topics.Shard > 0 {
			name += " " + strconv.Itoa(s.Topics.Shard)
		}
		info := hass.DeviceInfo{Identifiers: []string{s.Topics.BridgeID()}, Name: name, Manufacturer: ProgramName, Model: ProgramName, Software: s.Version}
		device = hass.NewDevice(s.Outbox, s.Inbox, s.document(s.Topics.BridgeState()), info, s.Topics.Base+"/"+schema.BridgeLevel(s.Topics.Shard))
	}
	return &BridgePublisher{Discovery: newDiscovery(device, log), shared: s, started: time.Now().UTC()}
}

// Start publishes the device, the info document and what does not change.
func (b *BridgePublisher) Start(gateways []GatewayInfo) {
	b.Discovery.setFixed(devices.BridgeEntities())
	b.SetInfo(gateways)
	b.set("version", b.shared.Version)
	b.set("started", b.started.Format(time.RFC3339))
}

// SetOnline publishes that the bridge is online.
func (b *BridgePublisher) SetOnline() {
	b.shared.Outbox.Set(BridgeState(b.shared.Topics, schema.Online))
}

// BridgeState returns the message that the bridge is online or offline.
func BridgeState(t schema.Topics, payload string) outbox.Entry {
	return outbox.Retained(outbox.BridgeState, t.BridgeState(), payload)
}

// SetCounts publishes the number of gateways that are online, and of failures since
// the start.
func (b *BridgePublisher) SetCounts(online int, gatewayErrors, brokerErrors int64) {
	b.set("gateways", strconv.Itoa(online))
	b.set("gateway_errors", strconv.FormatInt(gatewayErrors, 10))
	b.set("broker_errors", strconv.FormatInt(brokerErrors, 10))
}

// set publishes a value of the bridge if it has changed.
func (b *BridgePublisher) set(key, value string) {
	b.shared.Outbox.SetIfChanged(outbox.Retained(outbox.State, b.shared.Topics.Bridge(key), value), 0)
}

// GatewayInfo is what the bridge's info document contains of a gateway.
type GatewayInfo struct {
	Name       string  `json:"name"`
	Serial     string  `json:"serial,omitempty"`
	Interval   float64 `json:"interval"`    // s
	StaleAfter float64 `json:"stale_after"` // s
}

// SetInfo publishes the bridge's info document. A thousand gateways may be
// identified at once: the document is encoded when it is sent.
func (b *BridgePublisher) SetInfo(gateways []GatewayInfo) {
	encode := func() []byte { return b.encodeInfo(gateways) }
	b.shared.Outbox.Set(outbox.Entry{Topic: b.shared.Topics.Bridge("info"), Encode: encode})
}

// encodeInfo returns the bridge's info document.
func (b *BridgePublisher) encodeInfo(gateways []GatewayInfo) []byte {
	payload, err := json.Marshal(struct {
		Schema        int           `json:"schema"`
		Version       string        `json:"version"`
		Started       string        `json:"started"`
		HomeAssistant float64       `json:"homeassistant_interval"` // s
		Gateways      []GatewayInfo `json:"gateways"`
	}{1, b.shared.Version, b.started.Format(time.RFC3339), b.shared.MinInterval.Seconds(), gateways})
	if err != nil {
		panic(err) // strings and finite numbers
	}
	return payload
}
