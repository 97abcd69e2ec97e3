package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/total"
)

// TotalConfig configures the total of several gateways.
type TotalConfig struct {
	Name       string   // unique; in log messages and snapshots; [schema.TotalLevel] makes the topic level of it
	DeviceName string   // in Home Assistant; empty means "Envoy total"
	Gateways   []string // names of the gateways that are added
	GridFrom   string   // name of the one that measures the grid; empty means no grid
	Counters   publish.CounterStore
}

// A totalLoop is the event loop of one total. It owns the sum and what is published
// of it. The event loops of the gateways add their samples to its inbox.
type totalLoop struct {
	log       zerolog.Logger
	events    *events
	snapshot  snapshot
	observers []Observer
	inbox     *totalInbox
	interval  time.Duration // the longest between two samples of a part, so far
	sum       *total.Sum
	publisher *publish.TotalPublisher
	stale     *time.Timer
	state     GatewayState

	gridFrom       string // name of the gateway that measures the grid; empty means none
	isGridComputed bool   // that gateway computes it
}

// newTotalLoop returns the loop of a total whose values expire after staleAfter.
func newTotalLoop(c TotalConfig, shared *publish.Shared, observers []Observer, staleAfter time.Duration, log zerolog.Logger) *totalLoop {
	level, events := schema.TotalLevel(c.Name), newEvents()
	l := &totalLoop{
		log: log, events: events, observers: observers, inbox: &totalInbox{events: events}, sum: total.New(c.Gateways, c.GridFrom),
		state: GatewayState{Name: c.Name, Serial: level, StaleAfter: staleAfter}, gridFrom: c.GridFrom,
	}
	published := publish.Config{Name: c.Name, DeviceName: c.DeviceName, StaleAfter: staleAfter, Counters: c.Counters}
	l.publisher = publish.NewTotalPublisher(shared, published, level, &l.sum.Counters, log)
	l.snapshot.state.Store(new(l.state)) // the serial number does not change
	l.snapshot.discovery.Store(l.publisher.Discovery)
	return l
}

// run publishes sums until ctx ends.
func (l *totalLoop) run(ctx context.Context) {
	l.stale = time.NewTimer(l.state.StaleAfter)
	defer l.stale.Stop()
	l.publisher.Discovery.ReceiveDocuments()
	for {
		select {
		case <-ctx.Done():
			l.publisher.Save(time.Now())
			return
		case <-l.stale.C:
			l.onStale()
		case <-l.publisher.Discovery.ScheduleStep():
			l.publisher.Discovery.TakeStep()
		case <-l.events.notify:
			pending := l.events.take()
			pending.deliver(l.publisher.Discovery)
			if pending.has(eventSamples) {
				for _, p := range l.inbox.take() {
					l.add(p)
				}
			}
		}
	}
}

// add adds a sample of a gateway, and publishes the sum when it is complete.
func (l *totalLoop) add(p totalPart) {
	l.interval = max(l.interval, p.interval)
	if p.Gateway == l.gridFrom {
		l.logComputedGrid(p.Sample.IsGridComputed)
	}
	sum, ok := l.sum.Add(p.Part)
	if !ok {
		return
	}
	now := time.Now()
	l.stale.Reset(l.state.StaleAfter)
	if l.publisher.IsOffline() {
		l.log.Info().Msg("total online again")
	}
	l.publisher.PublishSum(sum, now, now.Add(l.interval))
	l.state.Online, l.state.Polled, l.state.Err, l.state.Interval = true, now, nil, l.interval
	l.report(&sum)
}

// logComputedGrid logs when the gateway of the grid begins to compute it.
func (l *totalLoop) logComputedGrid(isComputed bool) {
	if isComputed && !l.isGridComputed {
		l.log.Warn().Str("grid_from", l.gridFrom).Msg("total without grid, the consumption CT of GRID_FROM is around the loads")
	}
	l.isGridComputed = isComputed
}

var errIncomplete = errors.New("the readings of the gateways are never within 2 s of each other")

// onStale publishes that the total is offline, and logs why.
func (l *totalLoop) onStale() {
	l.stale.Reset(l.state.StaleAfter)
	line := l.log.Warn().Stringer("after", l.state.StaleAfter)
	l.state.Err = errIncomplete
	if missing := l.sum.Waiting(); len(missing) > 0 {
		line = line.Strs("missing", missing)
		l.state.Err = errors.New("a gateway has no valid reading")
	} else {
		line = line.Err(errIncomplete)
	}
	if !l.publisher.IsOffline() {
		line.Msg("total offline, not every gateway has a valid reading")
	}
	l.publisher.GoOffline()
	l.state.Online, l.state.Polled = false, time.Now()
	l.report(nil)
}

// report reports a sum to the observers, or nil if there was none.
func (l *totalLoop) report(sum *envoy.Sample) {
	for _, o := range l.observers {
		o.Totaled(l.state, sum)
	}
}
