package devices

import (
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A Type is one type of devices behind a gateway. Devices of one kind share
// topics; Home Assistant shows several types of one kind.
type Type[D any] struct {
	Kind   string // in ids and topics
	title  string // before the serial number in the name
	model  string
	fields []field[D]
}

// newType returns a type with these fields. Their entities have their states from
// the documents.
func newType[D any](kind, title, model string, fields ...field[D]) *Type[D] {
	for i, f := range fields {
		fields[i].component.ID = f.key
		fields[i].component.ValueTemplate = "{{ value_json." + f.key + " | default(none) }}"
		if f.component.Platform == "binary_sensor" {
			fields[i].component.PayloadOn, fields[i].component.PayloadOff = "True", "False" // a boolean in a template
		}
	}
	return &Type[D]{kind, title, model, fields}
}

// SubDevice returns the sub-device with a serial number behind a gateway that has
// reported d. The entities are those of the fields in d. The document expires
// after ttl.
func (t *Type[D]) SubDevice(topics schema.Topics, gateway, serial string, d D, ttl time.Duration) hass.SubDevice {
	id := schema.SubDeviceID(t.Kind, serial)
	document, entities := t.encode(d, ttl)
	return hass.SubDevice{
		Info: hass.DeviceInfo{
			Identifiers:  []string{id},
			Name:         t.title + serial,
			Manufacturer: "Enphase",
			Model:        t.model,
			Serial:       serial,
			ViaDevice:    topics.GatewayID(gateway),
		},
		StateTopic: topics.SubDevice(gateway, t.Kind, serial),
		State:      document,
		Expires:    time.Now().Add(ttl),
		Entities:   entities,
	}
}

// encode returns the reported fields of d as a JSON document, and their entities. A
// field that is missing from one document makes its entity unknown.
func (t *Type[D]) encode(d D, ttl time.Duration) (document []byte, es []hass.Entity) {
	var members []string
	for i := range t.fields {
		f := &t.fields[i]
		v := f.of(d)
		if v.json == "" {
			continue
		}
		members = append(members, `"`+f.key+`":`+v.json)
		e := hass.Entity{Component: &f.component}
		if f.component.StateClass != "total_increasing" {
			e.ExpireAfter = seconds(ttl)
		}
		es = append(es, e)
	}
	return []byte("{" + strings.Join(members, ",") + "}"), es
}

// WithVersions adds the firmware and the part number of a sub-device.
func WithVersions(d hass.SubDevice, firmware, partNumber string) hass.SubDevice {
	d.Info.Software, d.Info.Hardware = firmware, partNumber
	return d
}
