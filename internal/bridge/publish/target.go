package publish

import (
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// counterInterval separates two messages of a counter: each one adds a row to
// Home Assistant's database.
const counterInterval = time.Minute

// missingAnswers is how many answers in a row must lack something that is then taken to
// be gone.
const missingAnswers = 3

// A target is where the data under one serial number is published: its topics, and its
// devices in Home Assistant.
type target struct {
	Serial    string
	Discovery *Discovery

	shared       *Shared
	config       Config
	log          zerolog.Logger
	template     *hass.Document // of the device and those behind it
	entities     *devices.Entities
	availability string // last published; empty before the first
}

func newTarget(s *Shared, c Config, serial string, log zerolog.Logger) *target {
	t := &target{
		Serial: serial, shared: s, config: c, log: log, entities: devices.NewEntities(c.StaleAfter),
		template: s.document(s.Topics.BridgeState(), s.Topics.Availability(serial)),
	}
	id := s.Topics.GatewayID(serial)
	if c.LimitControls {
		t.entities.AddLimitControls(s.Topics.LimitSet(serial), id)
	}
	var device *hass.Device
	if s.Inbox != nil {
		device = hass.NewDevice(s.Outbox, s.Inbox, t.template, hass.DeviceInfo{Identifiers: []string{id}}, s.Topics.Gateway(serial))
		device.MayAppear = t.entities.MayAppear
	}
	t.Discovery = newDiscovery(device, log)
	return t
}

// IsOnline reports whether "online" was published last. Before the first message,
// neither IsOnline nor IsOffline is true.
func (t *target) IsOnline() bool { return t.availability == schema.Online }

// IsOffline reports whether "offline" was published last.
func (t *target) IsOffline() bool { return t.availability == schema.Offline }

// setAvailability publishes the availability if it has changed.
func (t *target) setAvailability(payload string) {
	if t.availability != payload {
		t.availability = payload
		t.shared.Outbox.Set(t.availabilityEntry(payload))
	}
}

func (t *target) availabilityEntry(payload string) outbox.Entry {
	return outbox.Retained(outbox.Availability, t.shared.Topics.Availability(t.Serial), payload)
}

// setFalling records whether the energy of total consumption in s may fall.
func (t *target) setFalling(s envoy.Sample) {
	total, _ := s.Meter(envoy.TotalConsumption)
	if _, ok := total.Total.Get(envoy.Energy); ok {
		t.entities.SetMayFall(filter.MayFall(total))
	}
}

// setLive replaces the messages that are not retained. They are discarded if they are not
// sent before a time.
func (t *target) setLive(messages []mqtt.Message, before time.Time) {
	t.shared.Outbox.SetLive(t.Serial, messages, before)
}

// setValues replaces the retained values by those of a sample that was measured at a
// time. The next sample is due after untilNext.
func (t *target) setValues(values []schema.Value, measuredAt time.Time, untilNext time.Duration) {
	vs := make([]outbox.Value, len(values))
	for i, v := range values {
		vs[i] = outbox.Value{Topic: v.Topic, Number: v.Rounded(), IsCounter: v.IsCounter()}
	}
	t.shared.Outbox.SetValues(t.shared.Topics.Gateway(t.Serial), vs, measuredAt, outbox.Throttle{
		MinInterval:     t.shared.MinInterval,
		CounterInterval: counterInterval,
		TTL:             t.config.StaleAfter,
		NextSample:      untilNext,
	})
}

// publishInfo publishes a text about the gateway if it has changed, at most every
// minInterval.
func (t *target) publishInfo(key, text string, minInterval time.Duration) {
	t.entities.AddInfo(key)
	t.shared.Outbox.SetIfChanged(outbox.Retained(outbox.State, t.shared.Topics.Info(t.Serial, key), text), minInterval)
}

// publishGroup publishes the values of an answer about a group. Measurements expire
// after ttl; other values do not.
func (t *target) publishGroup(vs devices.GroupValues, ttl time.Duration) {
	t.renewGroup(vs, ttl)
	t.entities.SetGroup(vs, ttl)
}

// renewGroup publishes values of a group that have changed between two answers about it.
func (t *target) renewGroup(vs devices.GroupValues, ttl time.Duration) {
	for _, v := range vs.Values {
		e := outbox.Retained(outbox.State, t.shared.Topics.Gateway(t.Serial)+"/"+v.Topic, v.Payload)
		if v.IsMeasurement {
			e.Expires = time.Now().Add(ttl)
			t.shared.Outbox.Set(e)
		} else {
			t.shared.Outbox.SetIfChanged(e, 0)
		}
	}
}

// forget deletes everything about the gateway from the outbox. The broker keeps
// its messages.
func (t *target) forget() {
	t.shared.Outbox.Forget(t.shared.Topics.Gateway(t.Serial))
	t.Discovery.forget()
	t.availability = ""
}

// ttl returns the time after which a document expires that is renewed every
// interval.
func (t *target) ttl(interval time.Duration) time.Duration {
	return max(ttlIntervals*interval, t.config.StaleAfter)
}

// ttlIntervals is how many missing answers in a row let a document expire.
const ttlIntervals = 4

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
