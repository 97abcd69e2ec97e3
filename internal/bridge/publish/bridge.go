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
	output    *Output
	log       zerolog.Logger
	device    *hass.Device // nil without discovery
	migration migrationTimer
	started   time.Time
}

// NewBridgePublisher returns the publisher. See [NewGatewayPublisher] for onMigration.
func NewBridgePublisher(o *Output, onMigration func(), log zerolog.Logger) *BridgePublisher {
	b := &BridgePublisher{output: o, log: log, migration: migrationTimer{onStep: onMigration}, started: time.Now().UTC()}
	if o.Inbox != nil {
		id := o.Topics.BridgeID()
		name := "Envoy MQTT bridge"
		if o.Topics.Shard > 0 {
			name += " " + strconv.Itoa(o.Topics.Shard)
		}
		template := o.document(o.Topics.BridgeState())
		template.Info = hass.DeviceInfo{Identifiers: []string{id}, Name: name, Manufacturer: ProgramName, Model: ProgramName, Software: o.Version}
		b.device = hass.NewDevice(o.Outbox, o.Inbox, o.Topics.Discovery(id), o.Topics.Base+"/"+schema.BridgeLevel(o.Topics.Shard), template)
	}
	return b
}

// Start publishes the device, the info document and what does not change.
func (b *BridgePublisher) Start(gateways func() []GatewayInfo) {
	if b.device != nil {
		b.device.Add(time.Now(), devices.BridgeEntities())
	}
	b.SetInfo(gateways)
	b.set("version", b.output.Version)
	b.set("started", b.started.Format(time.RFC3339))
}

// SetOnline publishes that the bridge is online.
func (b *BridgePublisher) SetOnline() {
	b.output.Outbox.Set(BridgeState(b.output.Topics, schema.Online))
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
	b.output.Outbox.SetIfChanged(outbox.Retained(outbox.State, b.output.Topics.Bridge(key), value), 0)
}

// GatewayInfo is what the bridge's info document contains of a gateway.
type GatewayInfo struct {
	Name       string  `json:"name"`
	Serial     string  `json:"serial,omitempty"`
	Interval   float64 `json:"interval"`    // s
	StaleAfter float64 `json:"stale_after"` // s
}

// SetInfo publishes the bridge's info document. A thousand gateways may be
// identified at once: gateways is called, and the document encoded, when it is sent.
func (b *BridgePublisher) SetInfo(gateways func() []GatewayInfo) {
	encode := func() []byte { return b.encodeInfo(gateways()) }
	b.output.Outbox.Set(outbox.Entry{Topic: b.output.Topics.Bridge("info"), Encode: encode})
}

// encodeInfo returns the bridge's info document.
func (b *BridgePublisher) encodeInfo(gateways []GatewayInfo) []byte {
	payload, err := json.Marshal(struct {
		Schema        int           `json:"schema"`
		Version       string        `json:"version"`
		Started       string        `json:"started"`
		HomeAssistant float64       `json:"homeassistant_interval"` // s
		Gateways      []GatewayInfo `json:"gateways"`
	}{1, b.output.Version, b.started.Format(time.RFC3339), b.output.MinInterval.Seconds(), gateways})
	if err != nil {
		panic(err) // strings and finite numbers
	}
	return payload
}

// ReceiveDocuments handles what the inbox has received of the device.
func (b *BridgePublisher) ReceiveDocuments() {
	if b.device == nil {
		return
	}
	if b.device.Receive() {
		b.log.Info().Msg(deletedMessage)
	}
	b.continueMigration()
}

// ContinueMigration takes the next step of a migration between the forms of
// discovery.
func (b *BridgePublisher) ContinueMigration() {
	if b.device != nil {
		b.migration.stopped()
		b.continueMigration()
	}
}

// AnswerBirth announces the device again, because Home Assistant has started.
func (b *BridgePublisher) AnswerBirth() {
	if b.device != nil {
		b.device.HomeAssistantStarted(time.Now())
		b.continueMigration()
	}
}

func (b *BridgePublisher) continueMigration() {
	b.device.Continue(time.Now())
	b.migration.schedule(b.device.IsMigrating())
}

// IsPublished reports whether the broker has acknowledged the documents. Any goroutine
// may call it.
func (b *BridgePublisher) IsPublished() bool { return b.device != nil && b.device.IsPublished() }
