package bridge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/total"
)

// TotalConfig configures the total of several gateways.
type TotalConfig struct {
	Name       string   // unique; in log messages and snapshots; [schema.TotalLevel] makes the topic level of it
	DeviceName string   // in Home Assistant; empty means "Envoy total"
	Gateways   []string // names of the gateways that are added
	GridFrom   string   // name of the one that measures the grid; empty means no grid
	Counters   CounterStore
}

// A totalLoop is the event loop of one total. It owns the sum and what is published
// of it. The event loops of the gateways add their samples to its inbox.
type totalLoop struct {
	config   TotalConfig
	log      zerolog.Logger
	events   *events
	reporter *reporter
	inbox    totalInbox
	interval time.Duration // the longest between two samples of a part, so far

	sum          *total.Sum
	target       *target
	availability availability
	stale        *time.Timer
	state        GatewayState
	saved        []byte // counters
	savedAt      time.Time
	isSaveFailed bool
}

// newTotalLoop returns the loop of a total whose values expire after staleAfter.
func newTotalLoop(c TotalConfig, s *shared, staleAfter time.Duration, log zerolog.Logger) *totalLoop {
	level := schema.TotalLevel(c.Name)
	e := newEvents()
	t := newTarget(s, GatewayConfig{Name: c.Name, StaleAfter: staleAfter}, level, e, log)
	l := &totalLoop{
		config: c, log: log, events: e, reporter: new(reporter), sum: total.New(c.Gateways, c.GridFrom),
		target: t, availability: availability{target: t},
		state: GatewayState{Name: c.Name, Serial: level, StaleAfter: staleAfter},
	}
	l.reporter.latest.Store(new(l.state))
	l.reporter.discovery.Store(t.device)
	l.inbox.notify = make(chan struct{}, 1)
	if t.device != nil {
		t.device.SetInfo(hass.DeviceInfo{
			Identifiers:  []string{s.topics.GatewayID(level)},
			Name:         cmp.Or(c.DeviceName, "Envoy total"),
			Manufacturer: originName,
			Model:        "Total of several gateways",
			ViaDevice:    s.topics.BridgeID(),
		})
	}
	l.restore()
	return l
}

// restore continues the counters of a previous run.
func (l *totalLoop) restore() {
	if l.config.Counters == nil {
		return
	}
	if data := l.config.Counters.Load(l.target.serial); len(data) > 0 {
		if err := json.Unmarshal(data, &l.sum.Counters); err != nil {
			l.sum.Counters = nil
			l.log.Warn().Err(err).Msg("stored counters of the total cannot be read, they begin with the sum of the gateways' counters")
		}
	}
}

// run publishes sums until ctx ends.
func (l *totalLoop) run(ctx context.Context) {
	l.stale = time.NewTimer(l.target.config.StaleAfter)
	defer l.stale.Stop()
	l.target.handleEvents(eventDiscovery)
	for {
		select {
		case <-ctx.Done():
			l.save(time.Now())
			return
		case <-l.inbox.notify:
			for _, p := range l.inbox.take() {
				l.add(p)
			}
		case <-l.stale.C:
			l.onStale()
		case <-l.events.notify:
			l.target.handleEvents(l.events.take())
		}
	}
}

// add adds a sample of a gateway, and publishes the sum when it is complete.
func (l *totalLoop) add(p totalPart) {
	l.interval = max(l.interval, p.interval)
	sum, ok := l.sum.Add(p.Part)
	if !ok {
		return
	}
	now := time.Now()
	l.stale.Reset(l.target.config.StaleAfter)
	if l.availability.payload == schema.Offline {
		l.log.Info().Msg("total online again")
	}
	l.publish(sum, now)
	if now.Sub(l.savedAt) >= saveInterval {
		l.save(now)
	}
	l.state.Online, l.state.Polled, l.state.Err, l.state.Interval = true, now, nil, l.interval
	l.report(&sum)
}

// publish publishes a sum as that of a gateway is published.
func (l *totalLoop) publish(sum envoy.Sample, now time.Time) {
	t := l.target
	values := schema.Values(sum)
	t.outbox.SetLive(t.serial, t.topics.Live(t.serial, sum.Time, values), now.Add(l.interval))
	t.entities.SetSensors(values, func(envoy.Measurement) bool { return true }) // what a part does not measure for a while expires
	t.setFalling(sum)
	t.updateDevice()
	t.setValues(values, sum.Time, l.interval)
	l.availability.set(schema.Online)
}

var errIncomplete = errors.New("the readings of the gateways are never within 2 s of each other")

// onStale publishes that the total is offline, and logs why.
func (l *totalLoop) onStale() {
	l.stale.Reset(l.target.config.StaleAfter)
	line := l.log.Warn().Stringer("after", l.target.config.StaleAfter)
	l.state.Err = errIncomplete
	if missing := l.sum.Waiting(); len(missing) > 0 {
		line = line.Strs("missing", missing)
		l.state.Err = errors.New("a gateway has no valid reading")
	} else {
		line = line.Err(errIncomplete)
	}
	if l.availability.payload != schema.Offline {
		line.Msg("total offline, not every gateway has a valid reading")
	}
	l.availability.set(schema.Offline)
	l.state.Online, l.state.Polled = false, time.Now()
	l.report(nil)
}

func (l *totalLoop) report(sum *envoy.Sample) {
	for _, o := range l.target.observers {
		o.Totaled(l.state, sum)
	}
}

// save saves the counters.
func (l *totalLoop) save(now time.Time) {
	if l.config.Counters == nil || l.sum.Counters == nil {
		return
	}
	data, err := json.Marshal(l.sum.Counters)
	if err != nil {
		panic(err) // finite numbers and strings
	}
	if bytes.Equal(data, l.saved) {
		return
	}
	l.saved, l.savedAt = data, now
	err = l.config.Counters.Save(l.target.serial, data)
	if err != nil && !l.isSaveFailed {
		l.log.Warn().Err(err).Msg("counters of the total not stored, they may jump after a restart if a gateway is replaced meanwhile")
	}
	l.isSaveFailed = err != nil
}

// A totalPart is a sample that an event loop of a gateway has added.
type totalPart struct {
	total.Part
	interval time.Duration // until the gateway's next sample
}

// A totalInbox holds the latest sample of each gateway until the loop of the total
// takes it. It is safe for concurrent use.
type totalInbox struct {
	notify chan struct{} // has an element while there are samples

	mu    sync.Mutex
	parts []totalPart // at most one of each gateway
}

// put adds p, or replaces the gateway's sample that was not taken.
func (i *totalInbox) put(p totalPart) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := range i.parts {
		if i.parts[n].Gateway == p.Gateway {
			i.parts[n] = p
			return
		}
	}
	i.parts = append(i.parts, p)
	select {
	case i.notify <- struct{}{}:
	default:
	}
}

// take returns the samples and empties the inbox.
func (i *totalInbox) take() []totalPart {
	i.mu.Lock()
	defer i.mu.Unlock()
	parts := i.parts
	i.parts = nil
	return parts
}
