package bridge

import (
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A deviceType is one type of devices behind a gateway. Devices of one kind share
// topics; Home Assistant shows several types of one kind.
type deviceType[D any] struct {
	kind   string // in ids and topics
	title  string // before the serial number in the name
	model  string
	fields []field[D]
}

// subDevice returns the sub-device with the serial number that has reported d. The
// entities are those of the fields in d. The document expires after ttl.
func (t *deviceType[D]) subDevice(to *target, serial string, d D, ttl time.Duration) hass.SubDevice {
	id := schema.SubDeviceID(t.kind, serial)
	document, present := encodeDocument(d, t.fields)
	stateTopic := to.topics.SubDevice(to.serial, t.kind, serial)
	return hass.SubDevice{
		Info: hass.DeviceInfo{
			Identifiers:  []string{id},
			Name:         t.title + serial,
			Manufacturer: "Enphase",
			Model:        t.model,
			Serial:       serial,
			ViaDevice:    schema.GatewayID(to.serial),
		},
		StateTopic: stateTopic,
		State:      document,
		Expires:    time.Now().Add(ttl),
		Entities:   documentEntities(id, stateTopic, t.fields, present, ttl),
	}
}

// withVersions adds the firmware and the part number of a sub-device.
func withVersions(d hass.SubDevice, firmware, partNumber string) hass.SubDevice {
	d.Info.Software, d.Info.Hardware = firmware, partNumber
	return d
}

// publishSubDevices publishes the sub-devices of one kind in an answer. If it is
// complete, those that it does not contain count as missing.
func (t *target) publishSubDevices(kind string, present []hass.SubDevice, isComplete bool) {
	s := t.subDevices[kind]
	if s == nil {
		s = t.newSubDevices(kind)
		t.subDevices[kind] = s
	}
	for _, id := range s.Update(time.Now(), present, isComplete) {
		serial := strings.TrimPrefix(id, schema.SubDeviceID(kind, ""))
		t.log.Info().Str("serial", serial).Msg(kind + " was taken away")
	}
}

func (t *target) newSubDevices(kind string) *hass.SubDevices {
	prefix := schema.SubDeviceID(kind, "")
	return hass.NewSubDevices(hass.SubDevicesConfig{
		Outbox:   t.outbox,
		Inbox:    t.inbox,
		Topic:    t.topics.Discovery,
		IDPrefix: prefix,
		StateTopics: func(id string) (topics []string) {
			for _, base := range t.bases {
				topics = append(topics, schema.Topics{Base: base}.SubDevice(t.serial, kind, strings.TrimPrefix(id, prefix)))
			}
			return topics
		},
		Template: t.document(t.topics.BridgeState(), t.topics.Availability(t.serial)),
		Via:      schema.GatewayID(t.serial),
	})
}
