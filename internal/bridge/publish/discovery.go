package publish

import (
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
	subDevices map[string]*hass.SubDevices // by kind
	step       <-chan time.Time            // see Step
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
		d.scheduleMigration()
	}
}

// add publishes a document with entities that are never removed.
func (d *Discovery) add(entities []hass.Entity) {
	if d.device != nil {
		d.device.Add(time.Now(), entities)
	}
}

// ReceiveDocuments handles what the inbox has received of the devices.
func (d *Discovery) ReceiveDocuments() {
	if d.device == nil {
		return
	}
	isDeleted := d.device.Receive()
	for _, s := range d.subDevices {
		isDeleted = len(s.Receive()) > 0 || isDeleted
	}
	if isDeleted {
		d.log.Info().Msg("deleted in Home Assistant, announced again when it or envoy-mqtt starts")
	}
	d.scheduleMigration()
}

// AnswerBirth announces the devices again, because Home Assistant has started.
func (d *Discovery) AnswerBirth() {
	if d.device == nil {
		return
	}
	d.device.HomeAssistantStarted(time.Now())
	for _, s := range d.subDevices {
		s.HomeAssistantStarted(time.Now())
	}
	d.scheduleMigration()
}

// migrationInterval separates the steps of a migration between the forms of
// discovery.
const migrationInterval = time.Second

// Step returns a channel that receives when [Discovery.TakeStep] must be called. It is
// nil if there is no migration; each of the other methods may change it.
func (d *Discovery) Step() <-chan time.Time { return d.step }

// TakeStep takes the next step of a migration between the forms of discovery.
func (d *Discovery) TakeStep() {
	d.step = nil
	if d.device == nil {
		return
	}
	d.device.Continue(time.Now())
	for _, s := range d.subDevices {
		s.Continue(time.Now())
	}
	d.scheduleMigration()
}

// scheduleMigration ensures that migrations continue.
func (d *Discovery) scheduleMigration() {
	if d.device == nil {
		return
	}
	isMigrating := d.device.IsMigrating()
	for _, s := range d.subDevices {
		isMigrating = isMigrating || s.IsMigrating()
	}
	if isMigrating && d.step == nil {
		d.step = time.After(migrationInterval)
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
