package publish

import (
	"cmp"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// counterInterval separates two messages of a counter: each one adds a row to
// Home Assistant's database.
const counterInterval = time.Minute

// A target is where the data of one gateway is published: its topics, its device
// in Home Assistant and the devices behind it. Its exported methods are those of
// [GatewayPublisher] and [TotalPublisher].
type target struct {
	*Output
	config Config
	log    zerolog.Logger
	Serial string

	Device     *hass.Device // nil without discovery
	entities   *devices.Entities
	subDevices map[string]*hass.SubDevices // by kind

	migration migrationTimer
}

func newTarget(o *Output, c Config, serial string, onMigration func(), log zerolog.Logger) *target {
	t := &target{
		Output:     o,
		config:     c,
		log:        log,
		Serial:     serial,
		entities:   devices.NewEntities(o.Topics.BridgeState(), c.StaleAfter),
		subDevices: map[string]*hass.SubDevices{},
		migration:  migrationTimer{onStep: onMigration},
	}
	if c.LimitControls {
		t.entities.AddLimitControls(o.Topics.LimitSet(serial), o.Topics.GatewayID(serial))
	}
	if o.Inbox != nil {
		template := o.document(o.Topics.BridgeState(), o.Topics.Availability(serial))
		template.Info = hass.DeviceInfo{Identifiers: []string{o.Topics.GatewayID(serial)}}
		t.Device = hass.NewDevice(o.Outbox, o.Inbox, o.Topics.Discovery(o.Topics.GatewayID(serial)), o.Topics.Gateway(serial), template)
		t.Device.MayAppear, t.Device.IsGone = t.entities.MayAppear, devices.IsDiagnostic
	}
	return t
}

// SetInfo records the hardware and firmware of the gateway.
// It links the device to the gateway's own page at url.
func (t *target) SetInfo(i locate.Info, url string) {
	if t.Device == nil {
		return
	}
	model := "IQ Gateway"
	if i.Metered {
		model = "IQ Gateway Metered"
	}
	t.Device.SetInfo(hass.DeviceInfo{
		Identifiers:  []string{t.Topics.GatewayID(i.Serial)},
		Name:         cmp.Or(t.config.DeviceName, "Envoy "+i.Serial),
		Manufacturer: "Enphase",
		Model:        model,
		Serial:       i.Serial,
		Software:     i.Firmware,
		Hardware:     i.PartNumber,
		ViaDevice:    t.Topics.BridgeID(),
		URL:          url,
	})
}

// updateDevice publishes the discovery document of the gateway if it has changed.
func (t *target) updateDevice() {
	if t.Device != nil {
		t.Device.Update(time.Now(), t.entities.All())
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
		vs[i] = outbox.Value{Topic: v.Topic, Number: v.Rounded(), Counter: v.IsCounter()}
	}
	t.Outbox.SetValues(t.Topics.Gateway(t.Serial), vs, measuredAt, outbox.Throttle{
		MinInterval:     t.MinInterval,
		CounterInterval: counterInterval,
		TTL:             t.config.StaleAfter,
		NextSample:      untilNext,
	})
}

// publishInfo publishes a text about the gateway if it has changed, at most every
// minInterval.
func (t *target) publishInfo(key, text string, minInterval time.Duration) {
	t.entities.AddInfo(key)
	t.Outbox.SetIfChanged(outbox.Retained(outbox.State, t.Topics.Info(t.Serial, key), text), minInterval)
}

// PublishTokenInfo publishes what is known of the access token. It is most useful
// while there are no samples.
func (t *target) PublishTokenInfo() {
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
		e := outbox.Retained(outbox.State, t.Topics.Gateway(t.Serial)+"/"+v.Topic, v.Payload)
		if v.IsMeasurement {
			e.Expires = time.Now().Add(ttl)
			t.Outbox.Set(e)
		} else {
			t.Outbox.SetIfChanged(e, 0)
		}
	}
	t.entities.SetDiagnostics(g.Name, values, ttl)
}

const deletedMessage = "deleted in Home Assistant, announced again when it or envoy-mqtt starts"

// ReceiveDocuments handles what the inbox has received of the devices.
func (t *target) ReceiveDocuments() {
	if t.Device == nil {
		return
	}
	isDeleted := t.Device.Receive()
	for _, s := range t.subDevices {
		isDeleted = len(s.Receive()) > 0 || isDeleted
	}
	if isDeleted {
		t.log.Info().Msg(deletedMessage)
	}
	t.scheduleMigration()
}

// ContinueMigration takes the next step of a migration between the forms of
// discovery.
func (t *target) ContinueMigration() {
	if t.Device == nil {
		return
	}
	t.migration.stopped()
	t.Device.Continue(time.Now())
	for _, s := range t.subDevices {
		s.Continue(time.Now())
	}
	t.scheduleMigration()
}

// AnswerBirth announces the devices again, because Home Assistant has started.
func (t *target) AnswerBirth() {
	if t.Device == nil {
		return
	}
	t.Device.HomeAssistantStarted(time.Now())
	for _, s := range t.subDevices {
		s.HomeAssistantStarted(time.Now())
	}
	t.scheduleMigration()
}

// scheduleMigration ensures that migrations continue.
func (t *target) scheduleMigration() {
	if t.Device == nil {
		return
	}
	isMigrating := t.Device.IsMigrating()
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
	t.Outbox.Forget(t.Topics.Gateway(t.Serial))
	if t.Device != nil {
		t.Device.Forget()
	}
}

// ttl returns the time after which a document expires that is renewed every
// interval.
func (t *target) ttl(interval time.Duration) time.Duration {
	return max(ttlIntervals*interval, t.config.StaleAfter)
}

// ttlIntervals is how many missing answers in a row let a document expire.
const ttlIntervals = 4
