package bridge

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// newBridgeDevice returns the bridge as a device of its own, which the gateways are
// connected by. It returns nil without discovery.
func (s *shared) newBridgeDevice() *hass.Device {
	if s.inbox == nil {
		return nil
	}
	id := s.topics.BridgeID()
	template := s.document(s.topics.BridgeState())
	template.Device = hass.DeviceInfo{Identifiers: []string{id}, Name: "Envoy MQTT bridge", Manufacturer: originName, Model: originName, Software: s.version}
	return hass.NewDevice(s.outbox, s.inbox, s.topics.Discovery(id), s.topics.Base+"/bridge", template)
}

// bridgeStateEntry returns the message that the bridge is online or offline.
func bridgeStateEntry(t schema.Topics, payload string) outbox.Entry {
	return outbox.Retained(outbox.BridgeState, t.BridgeState(), payload)
}

// publishSelf publishes everything about the bridge itself.
func (c *coordinator) publishSelf() {
	if c.device != nil {
		c.device.Add(time.Now(), devices.BridgeEntities())
	}
	c.checkIdentified()
	c.publishInfo()
	c.publish("version", c.shared.version)
	c.publish("started", c.started.Format(time.RFC3339))
	c.publishCounts()
	c.shared.outbox.Set(bridgeStateEntry(c.shared.topics, schema.Online))
}

// publishCounts publishes the counts of gateways and errors.
func (c *coordinator) publishCounts() {
	online, errors := 0, int64(0)
	for _, s := range c.states() {
		errors += s.Failures
		if s.Online {
			online++
		}
	}
	c.publish("gateways", strconv.Itoa(online))
	c.publish("gateway_errors", strconv.FormatInt(errors, 10))
	c.publish("broker_errors", strconv.FormatInt(c.brokerErrors(), 10))
}

// publish publishes a value of the bridge if it has changed.
func (c *coordinator) publish(key, value string) {
	c.shared.outbox.SetIfChanged(outbox.Retained(outbox.State, c.shared.topics.Bridge(key), value), 0)
}

// publishInfo publishes the bridge's info document. A thousand gateways may be
// identified at once: the document is encoded when it is sent.
func (c *coordinator) publishInfo() {
	states := c.states()
	encode := func() []byte { return c.encodeInfo(states) }
	c.shared.outbox.Set(outbox.Entry{Topic: c.shared.topics.Bridge("info"), Encode: encode, QoS: 1})
}

// encodeInfo returns the bridge's info document.
func (c *coordinator) encodeInfo(states []GatewayState) []byte {
	type gatewayInfo struct {
		Name       string  `json:"name"`
		Serial     string  `json:"serial,omitempty"`
		Interval   float64 `json:"interval"`    // s
		StaleAfter float64 `json:"stale_after"` // s
	}
	doc := struct {
		Schema        int           `json:"schema"`
		Version       string        `json:"version"`
		Started       string        `json:"started"`
		HomeAssistant float64       `json:"homeassistant_interval"` // s
		Gateways      []gatewayInfo `json:"gateways"`
	}{1, c.shared.version, c.started.Format(time.RFC3339), c.shared.minInterval.Seconds(), []gatewayInfo{}}
	for _, s := range states {
		doc.Gateways = append(doc.Gateways, gatewayInfo{s.Name, s.Serial, s.Interval.Seconds(), s.StaleAfter.Seconds()})
	}
	payload, err := json.Marshal(doc)
	if err != nil {
		panic(err) // strings and finite numbers
	}
	return payload
}
