package bridge

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/total"
)

// openSession returns the request that opens a session, and locks the gateway that
// answers.
func (l *loop) openSession() request {
	known := l.state.Serial
	return func(ctx context.Context) (handle func()) {
		session, err := l.config.Client.Open(ctx)
		if err == nil && l.config.Lock != nil {
			if err := l.config.Lock.Add(session.Serial); err != nil {
				return func() { l.onLockError(err) }
			}
		}
		var saved []byte
		if err == nil && session.Serial != known {
			saved = publish.SavedCounters(l.config.Counters, session.Serial)
		}
		return func() { l.onSession(session, saved, err) }
	}
}

// onSession handles the result of openSession. The first sample follows at once. saved
// are the counters of a gateway that did not answer before.
func (l *loop) onSession(session *envoy.Session, saved []byte, err error) {
	l.lock.isHeld = false // for the next session
	if err == nil {
		l.lock = lockState{}
		err = l.shared.Registry.Claim(session.Serial, l.config.Name)
	}
	if err != nil {
		l.onFailure(err)
		return
	}
	if l.state.Serial != session.Serial {
		if l.publisher != nil {
			l.log.Warn().Str("old", l.state.Serial).Str("new", session.Serial).Msg("another gateway answers, the entities of the old one stay offline until removed")
		}
		l.setPublisher(session.Serial, saved)
	}
	l.samples.logGateway(session)
	l.samples.logCertificate(l.config.Client)
	l.session = session
	l.publisher.SetInfo(session.Info, session.URL())
	l.state.Firmware = session.Firmware
	l.schedule.StartSession(time.Now())
	l.reporter.update(l.state)
}

// readSample returns the request of a sample.
func (l *loop) readSample() request {
	session := l.session
	return func(ctx context.Context) (handle func()) {
		s, err := session.Sample(ctx)
		return func() { l.onSample(s, err) }
	}
}

// onSample handles the result of readSample.
func (l *loop) onSample(s envoy.Sample, err error) {
	l.samples.logCertificate(l.config.Client)
	if err == nil {
		err = l.publisher.Claim() // it was released if the gateway was offline
	}
	if err != nil {
		l.onFailure(err)
		return
	}
	if l.samples.outages.end() || l.publisher.IsOffline() {
		l.log.Info().Int("failures", l.schedule.Failures.Count).Msg("gateway is back")
	}
	l.schedule.Failures = schedule.Failures{}
	l.responses.SetDoublings(0)
	l.log.Debug().Dur("took", s.Took).Time("reading", s.MeasuredAt).Msg("sample")
	if source, reason, ok := l.session.Source(); ok {
		l.state.Source, l.state.Reason = source.String(), reason
	}
	l.samples.logSource(l.state.Source, l.state.Reason)
	l.samples.logMissing(s)
	l.state.Interval = l.config.interval(l.state.Source)
	l.schedule.NextSample = l.requests.started.Add(max(l.state.Interval, 2*s.Took)) // light on a slow gateway
	l.stale.Reset(l.config.StaleAfter)
	s = l.publisher.PublishSample(s, l.schedule.NextSample, l.takeInfo(s))
	if n := schema.GridPhases(s); n > 0 {
		l.state.Phases = n
	}
	l.limiter.Observe(s, time.Now())
	part := total.Part{
		Gateway: l.state.Name, Serial: l.state.Serial, Sample: s, Correction: l.config.Correction,
		HasBatteries: l.publisher.HasBatteries(), HasNoBatteries: l.publisher.HasNoBatteries(),
	}
	l.reporter.addToTotals(totalPart{part, l.state.Interval})
	l.reportPoll(&s, nil)
}

// onFailure handles a failed poll and schedules the next one. Each problem is
// logged once until the next sample.
func (l *loop) onFailure(err error) {
	l.state.Failures++
	next, reopen := l.schedule.Failures.Add(err, l.requests.started, time.Now(), l.state.Interval)
	l.schedule.NextSample = next
	l.responses.SetDoublings(l.schedule.Failures.Doublings())
	if reopen {
		l.session = nil
	}
	if l.schedule.Failures.Logged.Add(err) {
		l.samples.outages.add(l.log, err, time.Now())
	}
	if l.publisher != nil {
		l.publisher.OnFailure()
		l.publisher.PublishTokenInfo()
	}
	l.reportPoll(nil, err)
}

// checkMeters returns the request that checks whether a meter does not exist any more.
func (l *loop) checkMeters() request {
	session := l.session
	return func(ctx context.Context) (handle func()) {
		err := session.Missing(ctx)
		return func() {
			if errors.Is(err, envoy.ErrReopen) {
				l.reopen(err, l.schedule.Failures.Logged.Add(err))
			}
		}
	}
}

// reopen opens the session again, because the gateway was configured differently.
func (l *loop) reopen(err error, isNew bool) {
	l.session = nil
	if isNew {
		l.log.Info().Err(err).Msg("gateway configuration changed, session reopened")
	}
}

// onStale is called when there was no sample for StaleAfter, even if a request
// is still running.
func (l *loop) onStale() {
	if l.publisher == nil || l.publisher.IsOffline() {
		return
	}
	line := l.log.Warn().Stringer("after", l.config.StaleAfter)
	err := l.schedule.Failures.Err
	switch {
	case err == nil:
		line = line.Str("error", "no response yet")
	case envoy.IsSkipped(err), !l.samples.outages.isLogged: // other errors have been logged
		line = line.Err(err)
	}
	line.Msg("gateway offline, no valid reading")
	l.publisher.GoOffline()
	l.state.Online = l.publisher.IsOnline()
	l.reporter.update(l.state)
}

// reportPoll reports the result of a poll to the observers.
func (l *loop) reportPoll(sample *envoy.Sample, err error) {
	if l.publisher != nil {
		l.state.Online = l.publisher.IsOnline()
	}
	l.state.Polled, l.state.Err = time.Now(), err
	l.reporter.polled(l.state, sample)
}

// takeInfo returns the info texts of a sample, by key. Its response times count as
// published.
func (l *loop) takeInfo(s envoy.Sample) map[string]string {
	info := map[string]string{
		"firmware":      l.session.Firmware,
		"part_number":   l.session.PartNumber,
		"source":        l.state.Source,
		"poll_duration": strconv.FormatInt(s.Took.Milliseconds(), 10),
	}
	maps.Copy(info, l.responses.takeInfo(time.Now()))
	if t := l.session.SampleDate(s); !t.IsZero() {
		info["last_report"] = t.Format(time.RFC3339)
	}
	maps.DeleteFunc(info, func(_, text string) bool { return text == "" })
	return info
}
