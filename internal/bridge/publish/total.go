package publish

import (
	"cmp"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/total"
)

// A TotalPublisher publishes sums over several gateways as samples of one gateway are
// published. Its serial number is its topic level. The event loop of the total owns
// it.
type TotalPublisher struct {
	*target
	file      counterFile
	counters  *total.Counters // of the sums
	isChanged bool            // counters since they were saved
}

// NewTotalPublisher returns the publisher under a topic level, and continues the counters of a
// previous run. Of c, the fields about samples of a gateway are not used.
func NewTotalPublisher(s *Shared, c Config, level string, counters *total.Counters, log zerolog.Logger) *TotalPublisher {
	t := &TotalPublisher{
		target:   newTarget(s, c, level, log),
		counters: counters,
		file: counterFile{
			store: c.Counters, serial: level, log: log,
			loadFailed: "stored counters of the total cannot be read, they begin with the sum of the gateways' counters",
			saveFailed: "counters of the total not stored, they may jump after a restart if a gateway is replaced meanwhile",
		},
	}
	t.Discovery.setInfo(hass.DeviceInfo{
		Identifiers:  []string{s.Topics.GatewayID(level)},
		Name:         cmp.Or(c.DeviceName, "Envoy total"),
		Manufacturer: ProgramName,
		Model:        "Total of several gateways",
		ViaDevice:    s.Topics.BridgeID(),
	})
	var saved total.Counters
	if t.file.decode(SavedCounters(c.Counters, level), &saved) {
		*counters = saved
	}
	return t
}

// PublishSum publishes a sum and the availability "online". The next one is due at
// next.
func (t *TotalPublisher) PublishSum(sum envoy.Sample, now, next time.Time) {
	values := schema.Values(sum)
	t.setLive(t.shared.Topics.Live(t.Serial, sum), next)
	t.entities.SetSensors(values, func(envoy.Measurement) bool { return true }) // what a part does not measure for a while expires
	t.setFalling(sum)
	t.Discovery.update(t.entities)
	t.setValues(values, sum.Time, next.Sub(now))
	t.setAvailability(schema.Online)
	t.isChanged = true
	if t.file.isDue(now) {
		t.Save(now)
	}
}

// GoOffline publishes the availability "offline".
func (t *TotalPublisher) GoOffline() { t.setAvailability(schema.Offline) }

// FinalMessages returns the messages of a clean stop.
func (t *TotalPublisher) FinalMessages() []outbox.Entry {
	return []outbox.Entry{t.availabilityEntry(schema.Offline)}
}

// Save saves the counters if there was a sum since the last time.
func (t *TotalPublisher) Save(now time.Time) {
	if t.file.store != nil && t.isChanged {
		t.isChanged = !t.file.save(now, *t.counters)
	}
}
