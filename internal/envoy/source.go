package envoy

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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
	last    reading       // the newest readings
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
		if err == nil && sample.NoGrid != nil {
			s.choice = choice{}
			return Sample{}, &SkippedError{"no CT at the grid connection is enabled any more"}
		}
		return sample, err
	}
	sample, err := s.fromProduction(ctx)
	if err == nil && s.choice.counted {
		s.count(ctx, &sample)
	}
	return sample, err
}

// choose reads /production.json and holds the meters' readings against it. Its
// sample has the powers of the former and, from the first on, the energies of
// the latter, so that no counter ever changes its source.
func (s *Session) choose(ctx context.Context) (Sample, error) {
	sample, err := s.fromProduction(ctx)
	if err != nil {
		return Sample{}, err
	}
	took := s.took
	r, err := s.readMeters(ctx)
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
		s.took -= took // the next sample needs no longer than the readings
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

// count gives a sample of /production.json the energies of the readings. What
// cannot be read now is left out.
func (s *Session) count(ctx context.Context, sample *Sample) {
	r, err := s.readMeters(ctx)
	if err != nil {
		sample.dropCounters(s.layout.source == fromMeter)
		return
	}
	sample.takeCounters(r)
}

// Judge holds /production.json against the readings that the samples come
// from: once a minute, because it is slow. An error of [ErrReopen] says that
// they have disagreed three times; any other, that it could not be read, which
// says nothing. It does nothing where the samples do not come from readings
// that were chosen.
func (s *Session) Judge(ctx context.Context) error {
	if s.client.Source != AutoSource || s.choice.source != FromMeters {
		return nil
	}
	sample, err := s.fromProduction(ctx)
	if _, skipped := errors.AsType[*SkippedError](err); skipped { // a CT may have been taken away, whose readings are noise now
		if _, changed := s.CheckMeters(ctx); errors.Is(changed, ErrReopen) {
			return changed
		}
	}
	if err != nil {
		return err
	}
	why := s.disagreement(sample, s.choice.last)
	if why == "" {
		s.choice.doubts = 0
		return nil
	}
	if s.choice.doubts++; s.choice.doubts < confirm {
		return nil
	}
	s.settle(FromProduction, why) // the session that follows chooses anew
	return fmt.Errorf("%s: %w", why, ErrReopen)
}

// disagreement compares types, signs and plausibility; energies of the two are
// never held against each other. It returns "" when all is well.
func (s *Session) disagreement(sample Sample, r reading) string {
	for _, m := range []Measurement{Production, NetConsumption, TotalConsumption} {
		p, ok := sample.Meter(m)
		if m == Production && s.layout.source != fromMeter {
			ok = false // of the inverters
		}
		q := r.meter(m)
		switch {
		case m == TotalConsumption && (q == nil || !ok): // computed by one and not by the other
		case ok != (q != nil):
			return fmt.Sprintf("production.json and the meters' readings do not agree whether there is %s", m)
		case !ok:
		case len(p.Phases) > 1 && len(q.Phases) > 1 && len(p.Phases) != len(q.Phases):
			return fmt.Sprintf("production.json has %d phases of %s, the meters' readings %d", len(p.Phases), m, len(q.Phases))
		case turned(p.Total.val[Power], q.Total.val[Power]):
			return fmt.Sprintf("the meters' readings have the other sign for %s than production.json", m)
		case apart(p.Total.val[Power], q.Total.val[Power]):
			return fmt.Sprintf("the meters' readings of %s are far from those of production.json", m)
		}
	}
	return ""
}

// turned reports whether b looks like a with the other sign.
func turned(a, b float64) bool {
	const clear = 200 // W: below it noise decides the sign
	return a*b < 0 && min(math.Abs(a), math.Abs(b)) > clear && math.Abs(a+b) < 0.25*max(math.Abs(a), math.Abs(b))
}

// apart reports whether a and b, read seconds apart, are more than a kettle, a
// cloud and a car apart.
func apart(a, b float64) bool {
	const kettle = 3000 // W
	return math.Abs(a-b) > kettle+0.5*max(math.Abs(a), math.Abs(b))
}

// takeCounters gives s the energies of the readings, and the meters that they
// alone have.
func (s *Sample) takeCounters(r reading) {
	for _, m := range r.meters {
		if into := s.meter(m.Measurement); into == nil {
			if m.Measurement != TotalConsumption && m.Measurement != NetConsumption {
				s.Meters = append(s.Meters, m)
			}
		} else {
			into.Counters = m.Counters
			into.Total.takeCounters(m.Total)
			for i := range into.Phases {
				var c Channel
				if len(m.Phases) == len(into.Phases) {
					c = m.Phases[i]
				}
				into.Phases[i].takeCounters(c)
			}
		}
	}
}

// keepOnly leaves out what r does not have, and so no sample after this one:
// the gateway computes a current of total consumption, which we do not.
func (s *Sample) keepOnly(r reading) {
	s.Meters = slices.DeleteFunc(s.Meters, func(m Meter) bool { return m.Measurement != Production && r.meter(m.Measurement) == nil })
	for i := range s.Meters {
		m := &s.Meters[i]
		has := r.meter(m.Measurement)
		if has == nil {
			continue // the inverters'
		}
		m.Total.keepOnly(has.Total)
		if len(m.Phases) != len(has.Phases) {
			m.Phases = nil
		}
		for j := range m.Phases {
			m.Phases[j].keepOnly(has.Phases[j])
		}
	}
}

func (c *Channel) keepOnly(of Channel) {
	for q := range quantities {
		if _, ok := of.Get(q); !ok {
			c.Drop(q)
		}
	}
}

var counters = [...]Quantity{Energy, EnergyImport, EnergyExport, EnergyCharged, EnergyDischarged}

func (c *Channel) takeCounters(from Channel) {
	for _, q := range counters {
		if c.Drop(q); from.has&(1<<q) != 0 {
			c.Set(q, from.val[q])
		}
	}
}

// dropCounters leaves out the energies of the CTs, which may come from elsewhere.
func (s *Sample) dropCounters(productionToo bool) {
	for i := range s.Meters {
		m := &s.Meters[i]
		if m.Measurement == Production && !productionToo {
			continue
		}
		m.Total.takeCounters(Channel{})
		for j := range m.Phases {
			m.Phases[j].takeCounters(Channel{})
		}
	}
}
