package envoy

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Source is where a client takes its samples from.
type Source uint8

// The sources. /production.json is rendered by a slow process of the gateway
// (0.3 to 30 s) and knows every gateway; the meters' readings come in some
// 50 ms, need a CT, and alone tell import and export.
const (
	FromProduction Source = iota // /production.json alone
	AutoSource                   // the readings where a consumption CT is enabled and /production.json agrees with them
	FromMeters                   // /ivp/meters/readings alone
	FromLivedata                 // /ivp/livedata/status, which the gateway has to be told to refresh
)

// String returns the source's name in a configuration.
func (s Source) String() string {
	return [...]string{"production", "auto", "meters", "livedata"}[s]
}

// A choice is what a session with the source [AutoSource] has found out so far.
type choice struct {
	made    bool
	source  Source        // FromProduction or FromMeters, when made
	counted bool          // FromProduction with the readings' energies
	why     string        // why not the readings
	doubts  int           // comparisons in a row that disagreed
	failed  int           // attempts in a row to read the meters that came to nothing
	configs []MeterConfig // of the CTs; nil before they were read
	asked   int           // how often they were asked for, beside the readings, and not reported
	last    reading       // the newest readings
	known   layout        // what all readings had
}

// Source returns where samples come from and, where they could come from the
// readings and do not, why. Before the first sample that is not known.
func (s *Session) Source() (source Source, why string, ok bool) {
	if s.client.Source != AutoSource {
		return s.client.Source, "", true
	}
	return s.choice.source, s.choice.why, s.choice.made
}

// bySource reads a sample where the session takes them from.
func (s *Session) bySource(ctx context.Context) (Sample, error) {
	switch s.client.Source {
	case FromMeters:
		return s.fromReadings(ctx)
	case FromLivedata:
		return s.fromLivedata(ctx)
	case FromProduction:
		return s.fromProduction(ctx)
	}
	switch {
	case !s.choice.made:
		return s.choose(ctx)
	case s.choice.source == FromMeters:
		sample, err := s.fromReadings(ctx)
		if s.dead(err) {
			s.settle(FromProduction, "")                                  // the session that follows chooses anew
			return Sample{}, fmt.Errorf("%s: %w", err.Error(), ErrReopen) // no skipped answer any more
		}
		if err == nil && sample.NoGrid != nil {
			s.choice = choice{}
			return Sample{}, &SkippedError{"no CT at the grid connection is enabled any more"}
		}
		return sample, err
	}
	if s.choice.counted {
		return s.counted(ctx)
	}
	return s.fromProduction(ctx)
}

// dead takes note of how it went with the readings that were chosen, and
// reports whether they have not come for as long as a meter may be missing.
// The process that answers them can hang while all others live.
func (s *Session) dead(err error) bool {
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	_, tokenless := errors.AsType[*TokenError](err)
	switch {
	case tokenless: // they were not asked for
	case err == nil:
		c.silent = time.Time{}
	case c.silent.IsZero():
		c.silent = time.Now()
	case time.Since(c.silent) > lostFor:
		c.silent = time.Time{}
		return true
	}
	return false
}

// choose holds the meters' readings against /production.json. Its sample has
// the powers of the latter, which is read last and so the newest, and, from
// the first on, the energies of the former, so that no counter ever changes its
// source.
func (s *Session) choose(ctx context.Context) (Sample, error) {
	r, err := s.soonMeters(ctx)
	took := s.took
	sample, failed := s.fromProduction(ctx)
	if failed != nil {
		return Sample{}, failed
	}
	c := &s.choice
	switch {
	case errors.Is(err, ErrUnsupported) && (!refused(err) || c.failed+1 >= confirm), err == nil && len(r.meters) == 0:
		s.settle(FromProduction, "")
		return sample, nil
	case err != nil && c.failed+1 >= confirm:
		s.settle(FromProduction, err.Error())
		return sample, nil
	case err != nil:
		c.failed++
		sample.dropCounters(s.layout.source == fromMeter)
		return sample, nil
	}
	why := s.disagreement(sample, r)
	switch {
	case why != "" && c.doubts+1 < confirm:
		c.doubts++
		sample.dropCounters(s.layout.source == fromMeter)
		return sample, nil
	case why != "":
		s.settle(FromProduction, why)
		return sample, nil
	case r.meter(NetConsumption) == nil:
		s.settle(FromProduction, "")
		c.counted = true
	default:
		s.settle(FromMeters, "")
		s.took = took // the next sample needs no longer than the readings
		sample.keepOnly(r)
	}
	sample.takeCounters(r)
	return sample, nil
}

func (s *Session) settle(source Source, why string) {
	s.choice.made, s.choice.source, s.choice.why, s.choice.doubts = true, source, why, 0
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.client.chosen = source
}

// counted makes a sample of /production.json with the energies of the readings.
// What cannot be read now is left out.
func (s *Session) counted(ctx context.Context) (Sample, error) {
	r, err := s.soonMeters(ctx)
	sample, failed := s.fromProduction(ctx)
	switch {
	case failed != nil:
		return Sample{}, failed
	case err != nil:
		sample.dropCounters(s.layout.source == fromMeter)
	default:
		sample.takeCounters(r)
	}
	return sample, nil
}

// soon is how long the readings may take where /production.json is waited for:
// a process of the gateway's own answers them in milliseconds, if it lives.
const soon = 10 * time.Second

func soonContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, soon, timeoutError(fmt.Sprintf("no whole answer within %v", soon)))
}

func (s *Session) soonMeters(ctx context.Context) (reading, error) {
	ctx, cancel := soonContext(ctx)
	defer cancel()
	return s.readMeters(ctx)
}
