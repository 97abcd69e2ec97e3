package hass

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// missingAnswers is how many complete answers in a row must omit a sub-device
// before it is removed.
const missingAnswers = 3

// A SubDevice is a device behind another one, such as a microinverter. All its
// entities have their state from one document.
type SubDevice struct {
	Info       DeviceInfo // with one identifier, which is also the object id
	StateTopic string
	State      []byte    // document of the present state
	Expires    time.Time // of State
	Entities   []Entity
}

// SubDevices keeps the documents of all sub-devices of one kind behind a device
// up to date. One goroutine uses it.
type SubDevices struct {
	config  SubDevicesConfig
	devices map[string]*subDevice // by id
	answers int                   // complete ones of this run
}

// SubDevicesConfig describes one kind of sub-devices.
type SubDevicesConfig struct {
	Outbox   *outbox.Outbox
	Inbox    *Inbox // nil without discovery
	IDPrefix string // of the ids of this kind, such as "envoy_inverter_"
	// StateTopics returns the topics where this and previous runs publish the
	// state of a sub-device, that of this run first.
	StateTopics func(id string) []string
	Template    *Document // without device and components; must not change
	Via         string    // identifier of the device in between
}

// A subDevice is a sub-device that was present in this run.
type subDevice struct {
	stateTopic string
	device     *Device // nil without discovery
	missed     int     // complete answers in a row without it
}

// NewSubDevices returns a value without sub-devices.
func NewSubDevices(c SubDevicesConfig) *SubDevices {
	return &SubDevices{config: c, devices: map[string]*subDevice{}}
}

// Update publishes the state of the sub-devices that an answer contains, and
// their documents if these have changed. If the answer is complete, it counts
// as missing those that it does not contain; after three such answers they are
// removed. It returns the ids of removed sub-devices.
func (s *SubDevices) Update(now time.Time, present []SubDevice, complete bool) (removed []string) {
	isPresent := make(map[string]bool, len(present))
	var entities []Entity
	for _, p := range present {
		isPresent[p.Info.id()] = true
		if slices.Equal(p.Entities, entities) {
			p.Entities = entities // most devices of a kind have the same, which they share
		}
		entities = p.Entities
		s.publish(now, p)
	}
	if !complete {
		return nil
	}
	s.answers++
	s.removeNotRenewed(now)
	for id, d := range s.devices {
		if isPresent[id] {
			d.missed = 0
			continue
		}
		if d.missed++; d.missed >= missingAnswers {
			if d.device != nil {
				d.device.remove()
			}
			s.config.Outbox.RemoveLater([]string{d.stateTopic}, processingDelay)
			delete(s.devices, id)
			removed = append(removed, id)
		}
	}
	return removed
}

// Devices returns the devices with a discovery document.
func (s *SubDevices) Devices() iter.Seq[*Device] {
	return func(yield func(*Device) bool) {
		for _, d := range s.devices {
			if d.device != nil && !yield(d.device) {
				return
			}
		}
	}
}

// Receive reports whether a user has deleted sub-devices.
func (s *SubDevices) Receive() (deleted bool) {
	for d := range s.Devices() {
		deleted = d.receiveDeletion() || deleted
	}
	return deleted
}

// Forget deletes all sub-devices from the outbox. The broker keeps its messages.
func (s *SubDevices) Forget() {
	for _, d := range s.devices {
		s.config.Outbox.Forget(d.stateTopic)
		if d.device != nil {
			d.device.Forget()
		}
	}
	clear(s.devices)
}

// publish publishes the state and, if it has changed, the document of one
// sub-device. A sub-device that has never had an entity is ignored.
func (s *SubDevices) publish(now time.Time, p SubDevice) {
	d := s.devices[p.Info.id()]
	if d == nil {
		if len(p.Entities) == 0 {
			return
		}
		d = s.add(p)
	}
	s.config.Outbox.Set(outbox.Entry{Topic: p.StateTopic, Payload: p.State, Expires: p.Expires})
	if d.device != nil {
		d.device.SetInfo(p.Info)
		d.device.Add(now, p.Entities)
	}
}

// add adds a sub-device.
func (s *SubDevices) add(p SubDevice) *subDevice {
	d := &subDevice{stateTopic: p.StateTopic}
	if s.config.Inbox != nil {
		d.device = NewDevice(s.config.Outbox, s.config.Inbox, s.config.Template, p.Info, p.StateTopic)
	}
	s.devices[p.Info.id()] = d
	return d
}

// removeNotRenewed removes sub-devices and entities that only a previous run has
// published, once enough answers of this run are known. A retained document may
// name any topic: it must name one where we publish.
func (s *SubDevices) removeNotRenewed(now time.Time) {
	if s.answers < missingAnswers || s.config.Inbox == nil {
		return
	}
	previous := s.takePrevious()
	for id, d := range s.devices {
		d.device.entities.addPrevious(previous[id].document.Components)
		d.device.RemovePrevious(now)
		delete(previous, id)
	}
	for id, previous := range previous {
		topics := s.config.StateTopics(id)
		if slices.ContainsFunc(topics, previous.document.reads) {
			for _, topic := range previous.topics {
				s.config.Outbox.Set(outbox.Retained(outbox.Discovery, topic, ""))
			}
			s.config.Outbox.RemoveLater(topics[:1], processingDelay)
		}
	}
}

// A previousSubDevice is what a previous run has published of a sub-device.
type previousSubDevice struct {
	document Document // with the components of all documents
	topics   []string // of the documents
}

// takePrevious removes the documents of sub-devices of this kind from the inbox, and
// returns them by id.
func (s *SubDevices) takePrevious() map[string]previousSubDevice {
	c := &s.config
	found := map[string]previousSubDevice{}
	for topic, payload := range c.Inbox.payloads() {
		if !strings.Contains(topic, "/"+c.IDPrefix) || !strings.Contains(payload, `"`+c.Via+`"`) {
			continue // of many documents only few are decoded
		}
		var d Document
		if json.Unmarshal([]byte(payload), &d) != nil || d.Info.ViaDevice != c.Via || len(d.Info.Identifiers) != 1 {
			continue
		}
		id := d.Info.id()
		parts, ok := parseTopic(topic)
		if !ok || parts.prefix != c.Inbox.Prefix || parts.id != id {
			continue
		}
		c.Inbox.discard(topic)
		previous, ok := found[id]
		if !ok {
			previous.document.Components = map[string]Component{}
		}
		previous.topics = append(previous.topics, topic)
		maps.Copy(previous.document.Components, componentsOf(parts, payload, c.Template.Availability))
		found[id] = previous
	}
	return found
}
