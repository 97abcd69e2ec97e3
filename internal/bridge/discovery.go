package bridge

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// The documents of Home Assistant's device discovery (2024.11 and later). Home
// Assistant refuses a whole document for one unknown key at its root, in
// device or in origin.
type (
	announcement struct {
		Device       device               `json:"device"`
		Origin       origin               `json:"origin"`
		Availability []topicRef           `json:"availability"`
		Mode         string               `json:"availability_mode"`
		Components   map[string]component `json:"components"`
	}

	// An announced is what of a document says whose it is.
	announced struct {
		Origin       struct{ Name string } `json:"origin"`
		Availability []topicRef            `json:"availability"`
	}

	device struct {
		Identifiers  []string `json:"identifiers"`
		Name         string   `json:"name"`
		Manufacturer string   `json:"manufacturer"`
		Model        string   `json:"model"`
		Serial       string   `json:"serial_number,omitempty"`
		Software     string   `json:"sw_version,omitempty"`
		Hardware     string   `json:"hw_version,omitempty"`
		Via          string   `json:"via_device,omitempty"`
	}

	origin struct {
		Name     string `json:"name"`
		Software string `json:"sw_version,omitempty"`
		URL      string `json:"support_url"`
	}

	topicRef struct {
		Topic string `json:"topic"`
	}

	// A component is one entity. One of which only the platform is told is removed.
	component struct {
		Platform     string     `json:"platform"`
		Name         string     `json:"name,omitempty"`
		UniqueID     string     `json:"unique_id,omitempty"`
		StateTopic   string     `json:"state_topic,omitempty"`
		DeviceClass  string     `json:"device_class,omitempty"`
		StateClass   string     `json:"state_class,omitempty"`
		Unit         string     `json:"unit_of_measurement,omitempty"`
		Precision    *int       `json:"suggested_display_precision,omitempty"`
		ExpireAfter  uint32     `json:"expire_after,omitempty"` // seconds
		Category     string     `json:"entity_category,omitempty"`
		Enabled      *bool      `json:"enabled_by_default,omitempty"`
		PayloadOn    string     `json:"payload_on,omitempty"`
		PayloadOff   string     `json:"payload_off,omitempty"`
		Template     string     `json:"value_template,omitempty"`
		Options      []string   `json:"options,omitempty"`
		Availability []topicRef `json:"availability,omitempty"`

		unnamed bool // the device's main feature, which has its name
	}
)

// MarshalJSON writes the name of what is unnamed as null: a missing name would
// be made of the device class.
func (c component) MarshalJSON() ([]byte, error) {
	type plain component
	if !c.unnamed {
		return json.Marshal(plain(c))
	}
	return json.Marshal(struct {
		plain
		Name *string `json:"name"`
	}{plain: plain(c)})
}

const (
	originName = "envoy-mqtt"
	diagnostic = "diagnostic"
	supportURL = "https://github.com/envoy-mqtt/envoy-mqtt"
)

// document writes the document of a device whose entities are available when all
// of those topics say so.
func (h *house) document(d device, available []topicRef, cs map[string]component) []byte {
	payload, err := json.Marshal(announcement{d, h.origin(), available, "all", cs})
	if err != nil {
		panic(err) // strings and integers
	}
	return payload
}

func newDevice(i envoy.Info, name string) device {
	model := "IQ Gateway"
	if i.Metered {
		model = "IQ Gateway Metered"
	}
	return device{
		Identifiers:  []string{schema.GatewayID(i.Serial)},
		Name:         orUsual(name, "Envoy "+i.Serial),
		Manufacturer: "Enphase",
		Model:        model,
		Serial:       i.Serial,
		Software:     i.Firmware,
		Hardware:     i.PartNumber,
	}
}

// equal reports whether nothing but the bridge between could differ.
func (d device) equal(e device) bool {
	return d.Name == e.Name && d.Model == e.Model && d.Serial == e.Serial && d.Software == e.Software && d.Hardware == e.Hardware
}

func (h *house) origin() origin { return origin{originName, h.version, supportURL} }

// sensorComponent returns the entity of a sensor.
func sensorComponent(s schema.Sensor, t schema.Topics, serial string, staleAfter time.Duration) component {
	c := component{
		Platform:    "sensor",
		Name:        s.Name(),
		UniqueID:    schema.GatewayID(serial) + "_" + s.ID(),
		StateTopic:  t.Gateway(serial) + "/" + s.Topic(),
		DeviceClass: s.Class(),
		StateClass:  s.StateClass(),
		Unit:        s.Unit(),
		Precision:   new(s.DisplayDecimals()),
	}
	if !s.IsCounter() {
		c.ExpireAfter = seconds(staleAfter)
	}
	if !s.IsEnabled() {
		c.Enabled = new(false)
	}
	return c
}

// infoSensors are the entities of a gateway's info topics; other keys have none.
var infoSensors = joined(timedSensors(), map[string]component{
	"firmware":      {Platform: "sensor", Name: "Firmware", Category: diagnostic},
	"part_number":   {Platform: "sensor", Name: "Part number", Category: diagnostic, Enabled: new(false)},
	"source":        {Platform: "sensor", Name: "Data source", Category: diagnostic, Enabled: new(false)},
	"last_report":   {Platform: "sensor", Name: "Last report", Category: diagnostic, DeviceClass: "timestamp", Enabled: new(false)},
	"poll_duration": {Platform: "sensor", Name: "Poll duration", Category: diagnostic, DeviceClass: "duration", StateClass: "measurement", Unit: "ms", Precision: new(0), Enabled: new(false)},
	"token_expires": {Platform: "sensor", Name: "Token expires", Category: diagnostic, DeviceClass: "timestamp"},
	"token_role":    {Platform: "sensor", Name: "Token role", Category: diagnostic, Enabled: new(false)},
	"token_state":   {Platform: "sensor", Name: "Token state", Category: diagnostic},
	"token_problem": {Platform: "binary_sensor", Name: "Token problem", Category: diagnostic, DeviceClass: "problem"},
})

// joined adds b to a.
func joined(a, b map[string]component) map[string]component {
	maps.Copy(a, b)
	return a
}

// bridgeDiscovery announces the bridge as a device of its own, which the
// gateways are connected by.
func (h *house) bridgeDiscovery() mqtt.Message {
	id := h.topics.BridgeID()
	cs := map[string]component{
		"version":        {Platform: "sensor", Name: "Version"},
		"gateways":       {Platform: "sensor", Name: "Gateways connected", StateClass: "measurement"},
		"started":        {Platform: "sensor", Name: "Started", DeviceClass: "timestamp"},
		"gateway_errors": {Platform: "sensor", Name: "Gateway errors", StateClass: "total_increasing", Enabled: new(false)},
		"broker_errors":  {Platform: "sensor", Name: "Broker errors", StateClass: "total_increasing", Enabled: new(false)},
	}
	for key, c := range cs {
		c.UniqueID, c.StateTopic, c.Category = id+"_"+key, h.topics.Bridge(key), diagnostic
		cs[key] = c
	}
	d := device{Identifiers: []string{id}, Name: "Envoy MQTT bridge", Manufacturer: "envoy-mqtt", Model: "envoy-mqtt", Software: h.version}
	document := h.document(d, []topicRef{{h.topics.BridgeState()}}, cs)
	return mqtt.Message{Topic: h.topics.Discovery(id), Payload: document, Retain: true, QoS: 1}
}
