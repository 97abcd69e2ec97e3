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
	migration  migrationTimer
}

// newDiscovery returns the discovery of device, nil without discovery. onMigration is
// called, by any goroutine, when [Discovery.ContinueMigration] must be called.
func newDiscovery(device *hass.Device, onMigration func(), log zerolog.Logger) *Discovery {
	return &Discovery{log: log, device: device, subDevices: map[string]*hass.SubDevices{}, migration: migrationTimer{onStep: onMigration}}
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
	d.continueMigration()
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
	d.continueMigration()
}

// ContinueMigration takes the next step of a migration between the forms of
// discovery.
func (d *Discovery) ContinueMigration() {
	d.migration.stopped()
	if d.device != nil {
		d.continueMigration()
	}
}

func (d *Discovery) continueMigration() {
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
	d.migration.schedule(isMigrating)
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
