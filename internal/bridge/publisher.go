package bridge

import (
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A publisher publishes the data of one gateway. It holds everything that
// depends on the serial number. When another gateway responds, a new publisher
// replaces it, so that no state of the old gateway remains. The event loop owns
// it.
type publisher struct {
	*target
	availability availability
	failSafe     failSafe
	formatters   schema.Formatters
	counters     *counters
	inverters    inverters
	batteries    batteries
	ctHealth     ctHealth
	powerLimit   powerLimit
}

func newPublisher(s *shared, c GatewayConfig, serial string, e *events, log zerolog.Logger) *publisher {
	t := newTarget(s, c, serial, e, log)
	counters := newCounters(t)
	return &publisher{
		target:       t,
		availability: availability{target: t},
		failSafe:     failSafe{target: t},
		formatters:   schema.NewFormatters(c.Profiles),
		counters:     counters,
		inverters:    inverters{target: t, counters: counters},
		batteries:    batteries{target: t, counters: counters},
		ctHealth:     ctHealth{target: t},
		powerLimit:   powerLimit{target: t},
	}
}

// tasks returns the requests beside the samples. A new endpoint is a new element.
func (p *publisher) tasks() []*schedule.Task {
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

// publishSample publishes a sample and the availability "online". The live
// document is first; it is discarded if it is not sent before next, the time of
// the next sample. Only the retained values contain what follows from the batteries,
// see [batteries.addTo]. It returns the sample after the filters.
func (p *publisher) publishSample(s envoy.Sample, next time.Time, info map[string]string) envoy.Sample {
	s = p.counters.meters.Apply(s, time.Now())
	values := schema.Values(s)
	live := slices.Concat(p.topics.Live(p.serial, s.Time, values), p.formatters.Messages(s, p.batteries.areNone), p.failSafe.watch(s))
	p.outbox.SetLive(p.serial, live, next)

	complete := p.batteries.addTo(s)
	if len(complete.Meters) > len(s.Meters) {
		values = schema.Values(complete)
	}
	p.entities.SetSensors(values, p.batteries.mayOmit)
	p.setFalling(s)
	for key, text := range info {
		p.publishInfo(key, text, p.minInterval)
	}
	p.publishTokenInfo()
	p.updateDevice()
	p.setValues(values, s.Time, time.Until(next))
	p.availability.set(schema.Online)
	p.ctHealth.check(complete, p.inverters.areAsleep())
	p.counters.saveIfDue(time.Now())
	return s
}

// claim reserves the serial number until goOffline releases it. It must succeed
// before a message is published. It returns an error if another gateway holds
// the claim.
func (p *publisher) claim() error { return p.registry.claim(p.serial, p.config.Name) }

func (p *publisher) isOnline() bool  { return p.availability.payload == schema.Online }
func (p *publisher) isOffline() bool { return p.availability.payload == schema.Offline }

// goOffline publishes the fail-safe and "offline", and releases the claim. It
// does nothing if another gateway publishes under the serial number.
func (p *publisher) goOffline() {
	if p.claim() != nil {
		return
	}
	if ms := p.failSafe.messages(); ms != nil {
		p.outbox.SetLive(p.serial, ms, never)
	}
	p.availability.set(schema.Offline)
	p.registry.release(p.serial, p.config.Name)
}

// onFailure handles a failed poll. Before the first sample, it publishes
// "offline", because the availability of the previous run may be wrong. After a
// sample, only the age of the sample counts.
func (p *publisher) onFailure() {
	if !p.isOnline() {
		p.goOffline()
	}
}

// replace ends the publishing, because another gateway responds. The broker
// keeps the values, but the entities are unavailable.
func (p *publisher) replace() {
	if p.claim() != nil {
		return
	}
	p.counters.save(time.Now())
	p.forget()
	p.availability.payload = "" // forgotten, too
	p.goOffline()
}

// finalMessages returns the messages of a clean stop. The event loop must have
// ended.
func (p *publisher) finalMessages() []outbox.Entry {
	if p.claim() != nil {
		return nil
	}
	return []outbox.Entry{p.availability.entry(schema.Offline)}
}
