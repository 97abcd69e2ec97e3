package publish

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A GatewayPublisher publishes the data of one gateway. It holds everything that
// depends on the serial number. When another gateway responds, a new one
// replaces it, so that no state of the old gateway remains. The event loop owns
// it.
type GatewayPublisher struct {
	*target
	failSafe   failSafe
	formatters schema.Formatters
	counters   *counters
	inverters  inverters
	batteries  batteries
	ctHealth   ctHealth
	powerLimit powerLimit
	sampledAt  time.Time // when the latest sample was published; zero before the first
}

// A Handover is what a gateway that is online leaves to the bridge that takes over. The
// zero value is that of a gateway that is offline.
type Handover struct {
	SampledAt time.Time // when its latest sample was published

	gridPhases int // as in failSafe
	gridAt     time.Time
}

// HandOver returns what the bridge that takes over continues.
func (p *GatewayPublisher) HandOver() Handover {
	if !p.IsOnline() {
		return Handover{}
	}
	return Handover{p.sampledAt, p.failSafe.phases, p.failSafe.measuredAt}
}

// TakeOver continues where another bridge has handed over: the gateway stays online, and
// the fail-safe follows if there is no sample.
func (p *GatewayPublisher) TakeOver(h Handover) {
	if h.SampledAt.IsZero() || p.Claim() != nil {
		return
	}
	p.sampledAt, p.failSafe.phases, p.failSafe.measuredAt = h.SampledAt, h.gridPhases, h.gridAt
	p.setAvailability(schema.Online)
}

// NewGatewayPublisher returns the publisher under a serial number, which continues the
// counters that a previous run has saved.
func NewGatewayPublisher(s *Shared, c Config, serial string, saved []byte, log zerolog.Logger) *GatewayPublisher {
	t := newTarget(s, c, serial, log)
	counters := newCounters(t, saved)
	return &GatewayPublisher{
		target:     t,
		failSafe:   failSafe{target: t},
		formatters: schema.NewFormatters(c.Profiles, counters.filter.Published),
		counters:   counters,
		inverters:  inverters{target: t, counters: counters},
		batteries:  batteries{target: t, counters: counters},
		ctHealth:   ctHealth{target: t},
		powerLimit: powerLimit{target: t},
	}
}

// Tasks returns the requests beside the samples. A new endpoint is a new element.
func (p *GatewayPublisher) Tasks() []*schedule.Task {
	return slices.Concat(
		[]*schedule.Task{
			schedule.NewCheck("production.json", schedule.ProductionPath, time.Minute, (*envoy.Session).CheckSource),
			p.ctHealth.task(),
			schedule.NewCheck("clock", "/info", time.Hour, (*envoy.Session).ReadClock),
		},
		p.batteries.tasks(),
		p.inverters.tasks(),
		p.powerLimit.tasks(),
	)
}

// PublishSample publishes a sample and the availability "online". The live
// document is first; it is discarded if it is not sent before next, the time of
// the next sample. Only the retained values contain what follows from the batteries,
// see [batteries.addTo]. It returns the sample after the filters.
func (p *GatewayPublisher) PublishSample(s envoy.Sample, next time.Time, info map[string]string) envoy.Sample {
	s = p.counters.filter.Apply(s, time.Now())
	live := slices.Concat(p.shared.Topics.Live(p.Serial, s), p.formatters.Messages(s, p.batteries.areNone()), p.failSafe.watch(s))
	p.setLive(live, next)

	complete := p.batteries.addTo(s)
	values := schema.Values(complete)
	p.entities.SetSensors(values, p.batteries.mayOmit)
	p.setFalling(s)
	for key, text := range info {
		p.publishInfo(key, text, p.shared.MinInterval)
	}
	p.PublishTokenInfo()
	p.Discovery.update(p.entities)
	p.setValues(values, s.Time, time.Until(next))
	p.setAvailability(schema.Online)
	p.sampledAt = time.Now()
	p.ctHealth.check(complete, p.inverters.areAsleep())
	p.counters.saveIfDue(time.Now())
	return s
}

// SetInfo records the hardware and firmware of the gateway.
// It links the device to the gateway's own page at url.
func (p *GatewayPublisher) SetInfo(i locate.Info, url string) {
	model := "IQ Gateway"
	if i.Metered {
		model = "IQ Gateway Metered"
	}
	p.Discovery.setInfo(hass.DeviceInfo{
		Identifiers:  []string{p.shared.Topics.GatewayID(i.Serial)},
		Name:         cmp.Or(p.config.DeviceName, "Envoy "+i.Serial),
		Manufacturer: "Enphase",
		Model:        model,
		Serial:       i.Serial,
		Software:     i.Firmware,
		Hardware:     i.PartNumber,
		ViaDevice:    p.shared.Topics.BridgeID(),
		URL:          url,
	})
}

// PublishTokenInfo publishes what is known of the access token. It is most useful
// while there are no samples.
func (p *GatewayPublisher) PublishTokenInfo() {
	if p.config.TokenInfo == nil {
		return
	}
	for key, text := range p.config.TokenInfo() {
		p.publishInfo(key, text, 0)
	}
}

// Claim reserves the serial number until GoOffline releases it. It must succeed
// before a message is published. It returns an error if another gateway holds
// the claim, or another process may publish.
func (p *GatewayPublisher) Claim() error {
	if p.config.IsLocked != nil && !p.config.IsLocked(p.Serial) {
		return errNotLocked
	}
	return p.shared.Registry.Claim(p.Serial, p.config.Name)
}

var errNotLocked = errors.New("another process may read the gateway")

// HasBatteries reports that there are batteries. They may be measured by no CT.
func (p *GatewayPublisher) HasBatteries() bool {
	return len(p.batteries.known) > 0 || p.batteries.hasTotals
}

// HasNoBatteries reports that there are no batteries, and no CT measures any.
func (p *GatewayPublisher) HasNoBatteries() bool { return p.batteries.areNone() }

// GoOffline publishes the fail-safe and "offline", and releases the claim. It
// does nothing if another gateway publishes under the serial number.
func (p *GatewayPublisher) GoOffline() {
	if p.Claim() != nil {
		return
	}
	if ms := p.failSafe.take(); ms != nil {
		p.setLive(ms, never)
	}
	p.setAvailability(schema.Offline)
	p.shared.Registry.release(p.Serial, p.config.Name)
}

// OnFailure handles a failed poll. Before the first sample, it publishes
// "offline", because the availability of the previous run may be wrong. After a
// sample, only the age of the sample counts.
func (p *GatewayPublisher) OnFailure() {
	if !p.IsOnline() {
		p.GoOffline()
	}
}

// Replace ends the publishing, because another gateway responds. The broker
// keeps the values, but the entities are unavailable.
func (p *GatewayPublisher) Replace() {
	if p.Claim() != nil {
		return
	}
	p.counters.save(time.Now())
	p.forget()
	p.GoOffline()
}

// Save saves the counters if they have changed.
func (p *GatewayPublisher) Save(now time.Time) { p.counters.save(now) }

// FinalMessages returns the messages of a clean stop. The event loop must have
// ended.
func (p *GatewayPublisher) FinalMessages() []outbox.Entry {
	if p.Claim() != nil {
		return nil
	}
	return []outbox.Entry{p.availabilityEntry(schema.Offline)}
}
