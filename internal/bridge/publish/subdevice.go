package publish

import (
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// publishSubDevices publishes the sub-devices of one kind in an answer. If it is
// complete, those that it does not contain count as missing.
func (t *target) publishSubDevices(kind string, present []hass.SubDevice, isComplete bool) {
	s := t.Discovery.subDevices[kind]
	if s == nil {
		s = t.newSubDevices(kind)
		t.Discovery.subDevices[kind] = s
	}
	for _, id := range s.Update(time.Now(), present, isComplete) {
		serial := strings.TrimPrefix(id, schema.SubDeviceID(kind, ""))
		t.log.Info().Str("serial", serial).Msg(kind + " removed")
	}
}

func (t *target) newSubDevices(kind string) *hass.SubDevices {
	prefix := schema.SubDeviceID(kind, "")
	return hass.NewSubDevices(hass.SubDevicesConfig{
		Outbox:   t.shared.Outbox,
		Inbox:    t.shared.Inbox,
		IDPrefix: prefix,
		StateTopics: func(id string) (topics []string) {
			for _, base := range t.shared.Bases {
				topics = append(topics, schema.Topics{Base: base}.SubDevice(t.Serial, kind, strings.TrimPrefix(id, prefix)))
			}
			return topics
		},
		Template: t.template,
		Via:      t.shared.Topics.GatewayID(t.Serial),
	})
}
