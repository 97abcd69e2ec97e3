package envoy

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
)

// A selection reads samples from the source that is configured or, for
// [AutoSource], from the one that it selects: the meters' readings, once they
// agree with /production.json, because they are faster.
type selection struct {
	*gateway
	setup      *meterSetup
	configured Source
	production *productionSource
	readings   *readingsSource
	livedata   *livedataSource
	sunspec    *sunspecSource

	state sourceState
}

// A sourceState is what a selection has found out so far.
type sourceState struct {
	selected   bool
	source     Source // FromProduction or FromMeters, when selected
	useMeters  bool   // FromProduction with the readings' energies
	reason     string // why not the readings; empty where they are not possible
	mismatches int    // comparisons in a row that disagreed, or that failed
	hasFailed  bool   // the readings could not be read in the last of them, and were not refused
}

// Source returns where samples come from and, where they could come from the
// readings and do not, why. Before the first sample that is not known.
func (s *selection) Source() (source Source, reason string, ok bool) {
	if s.configured != AutoSource {
		return s.configured, "", true
	}
	return s.state.source, s.state.reason, s.state.selected
}

func (s *selection) sample(ctx context.Context) (sample Sample, err error) {
	switch s.configured {
	case FromMeters:
		sample, err = s.readings.sample(ctx)
	case FromLivedata:
		sample, err = s.livedata.sample(ctx)
	case FromSunSpec:
		sample, err = s.sunspec.sample(ctx)
	case FromProduction:
		return s.production.sample(ctx)
	default:
		return s.auto(ctx)
	}
	if IsNotFound(err) { // /production.json is in every gateway
		err = fmt.Errorf("%w: %w", ErrNoSource, err)
	}
	return sample, err
}

func (s *selection) auto(ctx context.Context) (Sample, error) {
	switch {
	case !s.state.selected:
		return s.selectSource(ctx)
	case s.state.source == FromMeters:
		return s.fromReadings(ctx)
	case s.state.useMeters:
		return s.withMeterCounters(ctx)
	}
	return s.production.sample(ctx)
}

// selectSource compares the meters' readings with /production.json. Its sample
// has the powers of the latter, which is read last and so the newest, and, from
// the first on, the energies of the former, so that no counter ever changes its
// source.
func (s *selection) selectSource(ctx context.Context) (Sample, error) {
	r, err := s.readings.readFast(ctx)
	took := s.req.Took
	sample, failed := s.production.sample(ctx)
	if failed != nil {
		return Sample{}, failed
	}
	st := &s.state
	reason := compareSources(sample, &r, s.layout.pv == pvByCT)
	if st.hasFailed = err != nil && !auth.IsRefused(err) && !errors.Is(err, ErrUnauthorized); err != nil {
		reason = err.Error()
	}
	switch {
	case errors.Is(err, ErrUnsupported) && (!auth.IsRefused(err) || st.mismatches+1 >= confirmations), err == nil && len(r.meters) == 0:
		s.set(FromProduction, "")
		return sample, nil
	case reason != "" && st.mismatches+1 < confirmations:
		st.mismatches++
		sample.dropCounters(s.layout.pv == pvByCT)
		return sample, nil
	case reason != "":
		s.set(FromProduction, reason)
		return sample, nil
	case r.meter(NetConsumption) == nil:
		s.set(FromProduction, "")
		st.useMeters = true
	default:
		s.set(FromMeters, "")
		s.req.Took = took // the next sample needs no longer than the readings
		sample.retainCommon(r.meters)
	}
	sample.replaceCounters(&r)
	return sample, nil
}

func (s *selection) set(source Source, reason string) {
	s.state.selected, s.state.source, s.state.reason, s.state.mismatches = true, source, reason, 0
	s.setup.selecting = false
	s.memory.update(func(m *memory) { m.source = source })
}

// reset has the next sample select the source again.
func (s *selection) reset() {
	s.state = sourceState{}
	s.setup.forget()
	s.layout.legs, s.readings.last = legs{}, reading{}
}

// fromReadings reads a sample of the readings, which are selected. The process of
// the gateway that answers them can hang while all others run.
func (s *selection) fromReadings(ctx context.Context) (Sample, error) {
	sample, err := s.readings.sample(ctx)
	if _, notSent := errors.AsType[*auth.TokenError](err); !notSent && s.memory.readingsFailed(err != nil) {
		s.set(FromProduction, "")                                     // the session that follows selects again
		return Sample{}, fmt.Errorf("%s: %w", err.Error(), ErrReopen) // no skipped answer any more
	}
	if err == nil && sample.NoGrid != nil {
		s.reset()
		return Sample{}, &SkippedError{"no CT at the grid connection is enabled any more"}
	}
	return sample, err
}

// withMeterCounters reads a sample of /production.json with the energies of the
// readings. Those that cannot be read now are left out. A CT that only the readings
// have is read again after a slow /production.json.
func (s *selection) withMeterCounters(ctx context.Context) (Sample, error) {
	r, err := s.readings.readFast(ctx)
	sample, failed := s.production.sample(ctx)
	if failed == nil && err == nil && !sample.isOf(&r) && slices.ContainsFunc(r.meters, sample.lacks) {
		r, err = s.readings.readFast(ctx)
	}
	switch {
	case failed != nil:
		return Sample{}, failed
	case err != nil:
		sample.dropCounters(s.layout.pv == pvByCT)
	default:
		sample.replaceCounters(&r)
	}
	return sample, nil
}

// hasOtherSetup reports whether the consumption CT seems to be set up in another way than
// the readings are understood: it reads what sample, of /production.json, has for the
// meter that is computed, or has another number of phases.
func (s *selection) hasOtherSetup(sample Sample) bool {
	computed := s.setup.computed()
	measured := NetConsumption + TotalConsumption - computed
	own, other, ct := sample.meter(measured), sample.meter(computed), s.readings.last.meter(measured)
	if own == nil || other == nil || ct == nil {
		return false
	}
	gap := func(m *Meter) float64 { return math.Abs(ct.Total.val[Power] - m.Total.val[Power]) }
	return len(own.Phases) > 0 && len(own.Phases) != len(ct.Phases) || gap(own) > 200+4*gap(other)
}

// CheckSource compares /production.json with the selected readings, or tries readings
// that were not selected because they failed. It is slow: call it once a minute. An error
// of [ErrReopen] reports that the source is to be selected again; any other, that the page
// could not be read, which decides nothing.
func (s *selection) CheckSource(ctx context.Context) error {
	switch {
	case s.state.selected && s.state.source == FromProduction && s.state.hasFailed && len(s.setup.configs) > 0:
		if r, err := s.readings.readFast(ctx); err == nil && len(r.meters) > 0 {
			return fmt.Errorf("the meters' readings are back: %w", ErrReopen)
		}
		return nil
	case s.configured != AutoSource || s.state.source != FromMeters:
		return nil
	}
	sample, err := s.production.sample(ctx)
	if IsSkipped(err) || err == nil && s.hasOtherSetup(sample) { // a CT may have been taken away, whose readings are noise now
		if _, changed := s.setup.CheckMeters(ctx); errors.Is(changed, ErrReopen) {
			return changed
		}
	}
	if err != nil {
		return err
	}
	reason := compareSources(sample, &s.readings.last, s.layout.pv == pvByCT)
	if s.state.mismatches++; reason == "" {
		s.state.mismatches = 0
	}
	if s.state.mismatches < confirmations {
		return nil
	}
	s.set(FromProduction, reason) // the session that follows selects again
	return fmt.Errorf("%s: %w", reason, ErrReopen)
}
