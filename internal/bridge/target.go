package bridge

import (
	"cmp"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// counterInterval separates two messages of a counter: each one adds a row to
// Home Assistant's database.
const counterInterval = time.Minute

// A target is where the data of one gateway is published: its topics, its device
// in Home Assistant and the devices behind it.
type target struct {
	*shared
	config GatewayConfig
	log    zerolog.Logger
	serial string

	device     *hass.Device // nil without discovery
	entities   *devices.Entities
	subDevices map[string]*hass.SubDevices // by kind

	migration migrationTimer
}

// newTarget returns a target that the event loop with these events owns.
func newTarget(s *shared, c GatewayConfig, serial string, e *events, log zerolog.Logger) *target {
	t := &target{
		shared:     s,
		config:     c,
		log:        log,
		serial:     serial,
		entities:   devices.NewEntities(s.topics.BridgeState(), c.StaleAfter),
		subDevices: map[string]*hass.SubDevices{},
		migration:  migrationTimer{events: e},
	}
	if s.inbox != nil {
		template := s.document(s.topics.BridgeState(), s.topics.Availability(serial))
		template.Device = hass.DeviceInfo{Identifiers: []string{s.topics.GatewayID(serial)}}
		t.device = hass.NewDevice(s.outbox, s.inbox, s.topics.Discovery(s.topics.GatewayID(serial)), s.topics.Gateway(serial), template)
		t.device.MayAppear, t.device.IsGone = t.entities.MayAppear, devices.IsDiagnostic
	}
	return t
}

// setInfo records the hardware and firmware of the gateway.
// It links the device to the gateway's own page at url.
func (t *target) setInfo(i envoy.Info, url string) {
	if t.device == nil {
		return
	}
	model := "IQ Gateway"
	if i.Metered {
		model = "IQ Gateway Metered"
	}
	t.device.SetInfo(hass.DeviceInfo{
		Identifiers:  []string{t.topics.GatewayID(i.Serial)},
		Name:         cmp.Or(t.config.DeviceName, "Envoy "+i.Serial),
		Manufacturer: "Enphase",
		Model:        model,
		Serial:       i.Serial,
		Software:     i.Firmware,
		Hardware:     i.PartNumber,
		ViaDevice:    t.topics.BridgeID(),
		URL:          url,
	})
}

// updateDevice publishes the discovery document of the gateway if it has changed.
func (t *target) updateDevice() {
	if t.device != nil {
		t.device.Update(time.Now(), t.entities.All())
		t.scheduleMigration()
	}
}

// setFalling records whether the energy of total consumption in s may fall.
func (t *target) setFalling(s envoy.Sample) {
	total, _ := s.Meter(envoy.TotalConsumption)
	if _, ok := total.Total.Get(envoy.Energy); ok {
		t.entities.SetFalling(filter.MayFall(total))
	}
}

// setValues replaces the retained values by those of a sample that was measured at a
// time. The next sample is due after untilNext.
func (t *target) setValues(values []schema.Value, measuredAt time.Time, untilNext time.Duration) {
	vs := make([]outbox.Value, len(values))
	for i, v := range values {
		vs[i] = outbox.Value{Topic: v.Topic(), Number: v.Rounded(), Counter: v.IsCounter()}
	}
	t.outbox.SetValues(t.topics.Gateway(t.serial), vs, measuredAt, outbox.Throttle{
		MinInterval:     t.minInterval,
		CounterInterval: counterInterval,
		TTL:             t.config.StaleAfter,
		NextSample:      untilNext,
	})
}

// publishInfo publishes a text about the gateway if it has changed, at most every
// minInterval.
func (t *target) publishInfo(key, text string, minInterval time.Duration) {
	t.entities.AddInfo(key)
	t.outbox.SetIfChanged(outbox.Retained(outbox.State, t.topics.Info(t.serial, key), text), minInterval)
}

// publishTokenInfo publishes what is known of the access token. It is most useful
// while there are no samples.
func (t *target) publishTokenInfo() {
	if t.config.TokenInfo == nil {
		return
	}
	for key, text := range t.config.TokenInfo() {
		t.publishInfo(key, text, 0)
	}
}

// publishDiagnostics publishes the values of d. Measurements expire after ttl;
// other values do not.
func publishDiagnostics[D any](t *target, g *devices.Group[D], d D, ttl time.Duration) {
	values := g.Diagnostics(d)
	for _, v := range values {
		e := outbox.Retained(outbox.State, t.topics.Gateway(t.serial)+"/"+v.Topic, v.Payload)
		if v.IsMeasurement {
			e.Expires = time.Now().Add(ttl)
			t.outbox.Set(e)
		} else {
			t.outbox.SetIfChanged(e, 0)
		}
	}
	t.entities.SetDiagnostics(g.Name, values, ttl)
}

// handleEvents handles events that concern the devices in Home Assistant.
func (t *target) handleEvents(pending event) {
	if t.device == nil {
		return
	}
	if pending.has(eventDiscovery) {
		isDeleted := t.device.Receive()
		for _, s := range t.subDevices {
			isDeleted = len(s.Receive()) > 0 || isDeleted
		}
		if isDeleted {
			t.log.Info().Msg("deleted in Home Assistant, announced again when it or envoy-mqtt starts")
		}
	}
	if pending.has(eventMigration) {
		t.migration.stopped()
		t.device.Continue(time.Now())
		for _, s := range t.subDevices {
			s.Continue(time.Now())
		}
	}
	if pending.has(eventBirthAnswered) {
		t.device.HomeAssistantStarted(time.Now())
		for _, s := range t.subDevices {
			s.HomeAssistantStarted(time.Now())
		}
	}
	t.scheduleMigration()
}

// scheduleMigration ensures that migrations continue.
func (t *target) scheduleMigration() {
	if t.device == nil {
		return
	}
	isMigrating := t.device.IsMigrating()
	for _, s := range t.subDevices {
		isMigrating = isMigrating || s.IsMigrating()
	}
	t.migration.schedule(isMigrating)
}

// forget deletes everything about the gateway from the outbox. The broker keeps
// its messages.
func (t *target) forget() {
	for _, s := range t.subDevices {
		s.Forget()
	}
	t.outbox.Forget(t.topics.Gateway(t.serial))
	if t.device != nil {
		t.device.Forget()
	}
}

// ttl returns the time after which a document expires that is renewed every
// interval.
func (t *target) ttl(interval time.Duration) time.Duration {
	return max(ttlIntervals*interval, t.config.StaleAfter)
}

// ttlIntervals is how many missing answers in a row let a document expire.
const ttlIntervals = 4
