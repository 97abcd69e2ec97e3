package hass

import (
	"encoding/json"
	"slices"
	"time"
)

// minDocumentInterval separates two documents of a device, so that Home Assistant
// processes the first before it receives the second.
const minDocumentInterval = time.Second

// A Document is the discovery document of one device (Home Assistant 2024.11
// and later). Home Assistant rejects the whole document if it contains an
// unknown key.
type Document struct {
	Info             DeviceInfo           `json:"device"`
	Origin           Origin               `json:"origin"`
	Availability     []Availability       `json:"availability"`
	AvailabilityMode string               `json:"availability_mode"` // "all"
	Components       map[string]Component `json:"components"`        // by object id
}

// A documentHeader is the part of a document, of either form, that identifies its
// sender.
type documentHeader struct {
	Info         DeviceInfo     `json:"device"`
	Origin       Origin         `json:"origin"`
	Availability []Availability `json:"availability"`
}

// requires reports whether the entities of a document are available only while
// topic has the payload "online".
func (h documentHeader) requires(topic string) bool {
	return slices.Contains(h.Availability, Availability{topic})
}

// isOf reports whether the document is that of the device with an identifier, or of
// one behind it.
func (h documentHeader) isOf(id string) bool {
	return slices.Contains(h.Info.Identifiers, id) || h.Info.ViaDevice == id
}

// DeviceInfo describes a device.
type DeviceInfo struct {
	Identifiers  []string `json:"identifiers"`
	Name         string   `json:"name"`
	Manufacturer string   `json:"manufacturer"`
	Model        string   `json:"model"`
	Serial       string   `json:"serial_number,omitempty"`
	Software     string   `json:"sw_version,omitempty"`
	Hardware     string   `json:"hw_version,omitempty"`
	ViaDevice    string   `json:"via_device,omitempty"` // identifier of the device in between
	URL          string   `json:"configuration_url,omitempty"`
}

// id returns the identifier in topics and unique ids.
func (i DeviceInfo) id() string { return i.Identifiers[0] }

// Origin names the program that publishes a document.
type Origin struct {
	Name       string `json:"name"`
	Software   string `json:"sw_version,omitempty"`
	SupportURL string `json:"support_url"`
}

// Availability names a topic with the payload "online" or "offline".
type Availability struct {
	Topic string `json:"topic"`
}

// A Component is one entity. Home Assistant removes the entity of a component
// that has only a platform.
type Component struct {
	ID    string `json:"-"` // object id; the unique id is the identifier of the device, "_" and ID
	Topic string `json:"-"` // of the state, below the topic of the device; empty means that topic itself

	Platform      string         `json:"platform,omitempty"` // in the topic, if the entity has a document of its own
	Name          string         `json:"name,omitempty"`
	UniqueID      string         `json:"unique_id,omitempty"`
	StateTopic    string         `json:"state_topic,omitempty"`
	DeviceClass   string         `json:"device_class,omitempty"`
	StateClass    string         `json:"state_class,omitempty"`
	Unit          string         `json:"unit_of_measurement,omitempty"`
	Precision     *int           `json:"suggested_display_precision,omitempty"`
	ExpireAfter   uint32         `json:"expire_after,omitempty"` // s
	Icon          string         `json:"icon,omitempty"`         // only without a device class, which has its own
	Category      string         `json:"entity_category,omitempty"`
	Enabled       *bool          `json:"enabled_by_default,omitempty"`
	PayloadOn     string         `json:"payload_on,omitempty"`
	PayloadOff    string         `json:"payload_off,omitempty"`
	ValueTemplate string         `json:"value_template,omitempty"`
	Options       []string       `json:"options,omitempty"`
	Availability  []Availability `json:"availability,omitempty"` // nil means that of the document

	// Of entities that can be changed:
	CommandTopic    string `json:"command_topic,omitempty"`
	CommandTemplate string `json:"command_template,omitempty"`
	StateOn         string `json:"state_on,omitempty"`  // of a switch, whose payloads are the commands
	StateOff        string `json:"state_off,omitempty"` // likewise
	Min             *int   `json:"min,omitempty"`       // of a number
	Max             *int   `json:"max,omitempty"`       // likewise
	Step            *int   `json:"step,omitempty"`      // likewise
	Mode            string `json:"mode,omitempty"`      // likewise
	// DefaultEntityID is the id of the entity in Home Assistant, unless a user has
	// changed it. Without it, Home Assistant makes one of the names.
	DefaultEntityID string `json:"default_entity_id,omitempty"`

	// HasDeviceName makes the entity the main feature of its device: its name
	// is the device's.
	HasDeviceName bool `json:"-"`
	// IsKnownOffline means that only the first topic of the document's availability
	// counts: that of the bridge, while the device itself is offline.
	IsKnownOffline bool `json:"-"`
}

// MarshalJSON encodes the name of an entity that has its device's name as null.
// Home Assistant would derive a missing name from the device class.
func (c Component) MarshalJSON() ([]byte, error) {
	type plain Component
	if !c.HasDeviceName {
		return json.Marshal(plain(c))
	}
	return json.Marshal(struct {
		plain
		Name *string `json:"name"`
	}{plain: plain(c)})
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (c *Component) UnmarshalJSON(data []byte) error {
	type plain Component
	var name struct {
		Name json.RawMessage `json:"name"`
	}
	if err := json.Unmarshal(data, (*plain)(c)); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &name); err != nil {
		return err
	}
	c.HasDeviceName = string(name.Name) == "null"
	return nil
}

// reads reports whether an entity of d has its state from topic.
func (d Document) reads(topic string) bool {
	for _, c := range d.Components {
		if c.StateTopic == topic {
			return true
		}
	}
	return false
}

// mustMarshal returns the JSON encoding of a part of a document.
func mustMarshal(v any) []byte {
	payload, err := json.Marshal(v)
	if err != nil {
		panic(err) // a document contains only strings, booleans and integers
	}
	return payload
}

// componentsOf returns the entities of a document by object id. Those that have
// inherited its availability have none of their own.
func componentsOf(topic documentTopic, payload string, inherited []Availability) map[string]Component {
	if topic.form() == ByDevice {
		var d Document
		_ = json.Unmarshal([]byte(payload), &d) // a document that cannot be read has no entities
		return d.Components
	}
	var c Component
	_ = json.Unmarshal([]byte(payload), &c)
	c.Platform = topic.platform
	if slices.Equal(c.Availability, inherited) {
		c.Availability = nil
	}
	return map[string]Component{topic.key: c}
}
