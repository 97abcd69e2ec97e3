package bridge

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/limiter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

// A loop is the event loop of one gateway. It owns all state of the gateway, so
// that only the goroutine of run uses it. Other goroutines hold its events and
// its snapshot.
type loop struct {
	config   GatewayConfig
	log      zerolog.Logger
	shared   *publish.Shared
	reporter *reporter
	events   *events

	session   *envoy.Session // nil if the next poll must open one
	lock      lockState
	requests  requests
	schedule  schedule.Schedule
	responses responseTimes
	samples   sampleLog
	publisher *publish.GatewayPublisher // nil before the serial number is known
	limiter   *limiter.Limiter          // limits nothing before the serial number is known
	stale     *time.Timer
	state     GatewayState
}

func newLoop(c GatewayConfig, shared *publish.Shared, r *reporter, log zerolog.Logger, firstSample time.Time) *loop {
	l := &loop{config: c, log: log, shared: shared, reporter: r, events: newEvents(), requests: newRequests(), responses: responseTimes{ResponseTimes: new(schedule.ResponseTimes)}}
	l.samples.log = log
	l.limiter = limiter.New(limiter.Config{}, "", limiter.NewInbox(func() { l.events.add(eventLimit) }), nil, log)
	l.schedule.NextSample = firstSample
	l.state = GatewayState{Name: c.Name, Interval: c.interval(""), StaleAfter: c.StaleAfter}
	l.configureClient()
	if c.Serial != "" && c.Lock == nil {
		l.setPublisher(c.Serial, publish.SavedCounters(c.Counters, c.Serial))
		l.publisher.TakeOver(c.Handover)
		l.state.Online = l.publisher.IsOnline()
	}
	r.update(l.state)
	return l
}

// configureClient sets what the client calls, from the goroutines of requests.
func (l *loop) configureClient() {
	c := l.config.Client
	c.StaleAfter, c.Limit = l.config.StaleAfter, l.responses.Timeout
	c.Observe = func(path string, duration time.Duration, err error) {
		l.responses.Add(path, duration, err)
		for _, o := range l.reporter.observers {
			o.Requested(l.config.Name, path, duration, err)
		}
	}
	var shortened sync.Map // paths that were logged
	c.Shortened = func(path string) {
		if _, isLogged := shortened.LoadOrStore(path, true); !isLogged {
			l.log.Warn().Str("path", path).Msg("the response has more than 2,000 entries, the rest is ignored")
		}
	}
}

// run polls the gateway until ctx ends. It blocks only in select.
func (l *loop) run(ctx context.Context) {
	began := l.schedule.NextSample
	if l.state.Online {
		began = l.config.Handover.SampledAt
	}
	l.stale = time.NewTimer(time.Until(began) + l.config.StaleAfter)
	defer l.stale.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		if !l.requests.isRunning && ctx.Err() == nil {
			if r := l.nextRequest(time.Now()); r != nil {
				l.requests.start(ctx, r)
			}
		}
		if l.requests.isRunning {
			next.Stop()
		} else {
			next.Reset(time.Until(l.nextTime()))
		}
		var step <-chan time.Time
		if l.publisher != nil {
			step = l.publisher.Discovery.ScheduleStep()
		}
		select {
		case <-ctx.Done():
			l.stop(context.Cause(ctx))
			return
		case handleResult := <-l.requests.results:
			l.requests.finish(ctx, handleResult)
		case <-next.C:
		case <-l.stale.C:
			l.onStale()
		case <-step:
			l.publisher.Discovery.TakeStep()
		case <-l.events.notify:
			if l.publisher != nil { // otherwise the inboxes keep the messages
				pending := l.events.take()
				pending.deliver(l.publisher.Discovery)
				if pending.has(eventLimit) {
					l.limiter.Receive(time.Now())
				}
			}
		}
	}
}

// stop waits for the request, which was canceled, ends what limits the power, or leaves
// it to the bridge that takes over, and saves the counters. While a request that was
// abandoned may change the limit, the next start ends it.
func (l *loop) stop(cause error) {
	if hasEnded := l.requests.wait(); !hasEnded || errors.Is(cause, ErrHandover) {
		l.limiter.HandOver()
	} else {
		removed, _ := errors.AsType[RemovedGateways](cause)
		l.limiter.Stop(slices.Contains(removed, l.config.Name))
	}
	if l.publisher != nil {
		l.publisher.Save(time.Now())
	}
}

// nextRequest returns the next request that is due, or nil.
func (l *loop) nextRequest(now time.Time) request {
	switch isSampleDue := l.schedule.IsSampleDue(now); {
	case isSampleDue && l.session == nil && l.config.Lock != nil && !l.lock.isHeld:
		return l.holdLock()
	case isSampleDue && l.session == nil:
		return l.openSession()
	case isSampleDue:
		return l.readSample()
	case l.session != nil && l.schedule.Failures.AreMetersMissing(now, l.config.StaleAfter):
		l.schedule.Failures.RecordMeterCheck(now)
		return l.checkMeters()
	}
	if l.session != nil || l.limiter.IsActive() {
		if r := l.limiter.Next(l.state.Firmware, l.schedule.Failures.Count > 0, now); r != nil {
			return r
		}
	}
	if l.session != nil {
		if t := l.schedule.NextTask(now); t != nil {
			return l.runTask(t)
		}
	}
	return nil
}

// limitInterval is how often a limiter that is active is asked for a request.
const limitInterval = time.Second

// nextTime returns when nextRequest must be called.
func (l *loop) nextTime() time.Time {
	next := l.schedule.NextTime(l.session != nil)
	if soon := time.Now().Add(limitInterval); l.limiter.IsActive() && soon.Before(next) {
		return soon
	}
	return next
}

// setPublisher replaces everything that depends on the serial number, which has
// become known or has changed. saved are the counters of a previous run.
func (l *loop) setPublisher(serial string, saved []byte) {
	if l.publisher != nil {
		l.publisher.Replace()
		l.responses.clear()
	}
	l.publisher = publish.NewGatewayPublisher(l.shared, l.config.Config, serial, saved, l.log)
	l.schedule.Tasks = l.publisher.Tasks()
	l.publisher.Discovery.ReceiveDocuments()
	l.limiter.HandOver() // the journal keeps the leases of the gateway before
	l.limiter = limiter.New(l.config.Limit, serial, l.limiter.Inbox, l.publisher, l.log)
	l.publisher.SetLimitWatcher(l.limiter)
	l.limiter.Receive(time.Now()) // what has arrived before
	l.reporter.snapshot.discovery.Store(l.publisher.Discovery)
	l.state = GatewayState{
		Name: l.config.Name, Serial: serial, Interval: l.config.interval(""), StaleAfter: l.config.StaleAfter,
		Polled: l.state.Polled, Failures: l.state.Failures, Err: l.state.Err, // of the address
	}
}
