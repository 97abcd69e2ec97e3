package envoy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

const streamPath = "/ivp/livedata/stream"

const (
	// streamStallTimeout is how long live data may stand still; they move every second.
	streamStallTimeout = 10 * time.Second
	// streamRestartInterval is how often the gateway is asked to refresh them at most: it is a write.
	streamRestartInterval = 30 * time.Second
)

// A livedataSource makes samples of the gateway's live data, which stand still
// unless the gateway was asked to refresh them; it stops after a quarter of an
// hour, or when the app does.
type livedataSource struct {
	sourceBase

	updated    time.Time // last_update of the newest data
	at         time.Time // when they were first seen
	moving     bool      // they have been seen to change
	started    time.Time // when the gateway was last asked to refresh them
	hasBattery bool      // some number of it has not been zero
	installed  ctSet     // by /production.json, where /ivp/meters is not reported
}

// sample reads one sample, if the live data move.
func (s *livedataSource) sample(ctx context.Context) (Sample, error) {
	streaming := false
	r, err := s.getReading(ctx, livedataPath, func(body []byte) (r reading, err error) {
		r, streaming, err = parseLivedata(body)
		return r, err
	})
	if err != nil {
		return Sample{}, err
	}
	s.watch(r.at, time.Now())
	if !streaming || !s.moving || r.at.Unix() <= 0 { // all is zero for a while after a start
		if err := s.startStream(ctx, time.Now()); err != nil {
			return Sample{}, err
		}
		return Sample{}, &SkippedError{"the live data do not change, a refresh is requested"}
	}
	has, err := s.installedCTs(ctx)
	if err != nil {
		return Sample{}, err
	}
	s.keepMeasured(&r, has)
	isZero := !slices.ContainsFunc(r.meters, func(m Meter) bool { return m.Total.val[Power] != 0 }) // as for a while after a start
	if isZero && r.meter(NetConsumption) != nil {
		return Sample{}, &SkippedError{"every power of the live data is zero"}
	}
	if len(r.meters) == 0 {
		return Sample{}, fmt.Errorf("%s: it contains no meter", livedataPath)
	}
	if err := s.dropFrozen(livedataPath, &r); err != nil {
		return Sample{}, err
	}
	sample := Sample{Time: time.Now(), MeasuredAt: r.at, HasCT: true, Meters: derive(r.meters)}
	if findMeter(sample.Meters, NetConsumption) == nil {
		sample.NoGrid = fmt.Errorf("the live data have no grid: %s", needsCT)
	}
	return sample, nil
}

// watch records the time of the newest data, which were read at now.
func (s *livedataSource) watch(updated, now time.Time) {
	if !updated.Equal(s.updated) || s.at.IsZero() {
		s.moving, s.updated, s.at = !s.at.IsZero(), updated, now
	}
	if now.Sub(s.at) > streamStallTimeout {
		s.moving = false
	}
}

// keepMeasured removes from r what no CT and no battery measures. A house without
// batteries has a storage of zero in the live data, which was not measured, and its
// load is total consumption.
func (s *livedataSource) keepMeasured(r *reading, has ctSet) {
	r.keepMeasured(has)
	s.hasBattery = s.hasBattery || r.hasBattery
	if load := r.meter(House); load != nil && !s.hasBattery {
		load.Measurement = TotalConsumption
	}
	r.meters = slices.DeleteFunc(r.meters, func(m Meter) bool {
		return m.Measurement == Storage && !s.hasBattery || m.Measurement == Production && !has[Production]
	})
}

// installedCTs returns which CTs there are: the live data do not report it.
func (s *livedataSource) installedCTs(ctx context.Context) (ctSet, error) {
	s.setup.learn(ctx)
	if s.setup.configs != nil {
		return enabledCTs(s.setup.configs), nil
	}
	if s.installed == (ctSet{}) {
		r, err := s.getReading(ctx, productionPath, func(body []byte) (reading, error) { return parseProduction(body, new(layout)) })
		if err != nil {
			return ctSet{}, err
		}
		s.installed = r.activeCTs()
	}
	return s.installed, nil
}

// startStream asks the gateway to refresh its live data, as the app does.
func (s *livedataSource) startStream(ctx context.Context, now time.Time) error {
	if !s.started.IsZero() && now.Sub(s.started) < streamRestartInterval {
		return nil
	}
	s.started = now
	err := s.req.SendOnce(ctx, transport.Request{Path: streamPath, Body: `{"enable":1}`})
	if auth.IsUnsupported(err) {
		return fmt.Errorf("%w: %w", ErrNoLiveData, err)
	}
	return err
}
