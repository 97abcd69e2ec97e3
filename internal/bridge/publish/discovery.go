package publish

import (
	"iter"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// A Discovery is the devices in Home Assistant of one publisher: its own, and those
// behind it. Their owner calls its methods, apart from two that any goroutine may call.
type Discovery struct {
	log        zerolog.Logger
	device     *hass.Device                // nil without discovery
	isFixed    bool                        // the entities of device never change
	subDevices map[string]*hass.SubDevices // by kind
	step       <-chan time.Time            // see ScheduleStep
}

// newDiscovery returns the discovery of device, which is nil without discovery.
func newDiscovery(device *hass.Device, log zerolog.Logger) *Discovery {
	return &Discovery{log: log, device: device, subDevices: map[string]*hass.SubDevices{}}
}

// setInfo replaces the description of the device.
func (d *Discovery) setInfo(info hass.DeviceInfo) {
	if d.device != nil {
		d.device.SetInfo(info)
	}
}

// update publishes the document of the device if it has changed.
func (d *Discovery) update(entities *devices.Entities) {
	if d.device != nil {
		d.device.Update(time.Now(), entities.All())
	}
}

// setFixed publishes a document with all entities that there will be.
func (d *Discovery) setFixed(entities []hass.Entity) {
	d.isFixed = true
	if d.device != nil {
		d.device.Add(time.Now(), entities)
	}
}

// devices returns all devices that are announced.
func (d *Discovery) devices() iter.Seq[*hass.Device] {
	return func(yield func(*hass.Device) bool) {
		if d.device == nil || !yield(d.device) {
			return
		}
		for _, s := range d.subDevices {
			for device := range s.Devices() {
				if !yield(device) {
					return
				}
			}
		}
	}
}

// ReceiveDocuments handles what the inbox has received of the devices.
func (d *Discovery) ReceiveDocuments() {
	if d.device == nil {
		return
	}
	isDeleted := d.device.Receive()
	if d.isFixed {
		d.device.RemovePrevious(time.Now())
	}
	for _, s := range d.subDevices {
		isDeleted = s.Receive() || isDeleted
	}
	if isDeleted {
		d.log.Info().Msg("deleted in Home Assistant, announced again when it or envoy-mqtt starts")
	}
}

// AnswerBirth announces the devices again, because Home Assistant has started.
func (d *Discovery) AnswerBirth() {
	for device := range d.devices() {
		device.HomeAssistantStarted(time.Now())
	}
}

// migrationInterval separates the steps of a migration between the forms of
// discovery.
const migrationInterval = time.Second

// ScheduleStep starts a timer for the next step of a migration between the forms of
// discovery, if one is due and none is running. It returns the channel that receives
// when [Discovery.TakeStep] must be called, nil if no device migrates.
func (d *Discovery) ScheduleStep() <-chan time.Time {
	for device := range d.devices() {
		if device.IsMigrating() && d.step == nil {
			d.step = time.After(migrationInterval)
		}
	}
	return d.step
}

// TakeStep takes the next step of a migration between the forms of discovery.
func (d *Discovery) TakeStep() {
	d.step = nil
	for device := range d.devices() {
		device.Continue(time.Now())
	}
}

// forget deletes the documents from the outbox. The broker keeps them.
func (d *Discovery) forget() {
	for _, s := range d.subDevices {
		s.Forget()
	}
	if d.device != nil {
		d.device.Forget()
	}
}

// IsPublished reports whether the broker has acknowledged the latest documents of the
// device itself. Any goroutine may call it, also of nil.
func (d *Discovery) IsPublished() bool { return d != nil && d.device != nil && d.device.IsPublished() }

// IsComplete reports whether every entity that a previous run has published was
// published again or removed. Any goroutine may call it, also of nil.
func (d *Discovery) IsComplete() bool { return d == nil || d.device == nil || d.device.IsComplete() }
