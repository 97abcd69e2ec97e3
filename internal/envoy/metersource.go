package envoy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// readMeters reads the readings and, where that is not known yet, how the CTs
// are set up.
func (s *Session) readMeters(ctx context.Context) (reading, error) {
	if s.choice.configs == nil {
		configs, err := s.neededConfigs(ctx)
		if err != nil {
			return reading{}, err
		}
		s.choice.configs = append([]MeterConfig{}, configs...)
	}
	if !slices.ContainsFunc(s.choice.configs, func(c MeterConfig) bool { return c.Enabled }) {
		return reading{}, nil
	}
	r, err := s.getReading(ctx, readingsPath, func(body []byte) (reading, error) {
		return parseReadings(body, s.choice.configs, &s.choice.known)
	})
	if err != nil {
		return reading{}, err
	}
	s.choice.known.add(r)
	if err := s.dropFrozen(readingsPath, &r); err != nil {
		return reading{}, err
	}
	r.derive()
	s.choice.last = r
	return r, nil
}

// neededConfigs is MeterConfigs. Where the samples come from the readings, the
// page is not optional: a 401 is about the token, not about the page.
func (s *Session) neededConfigs(ctx context.Context) ([]MeterConfig, error) {
	if s.client.Source == AutoSource && !s.choice.made {
		return s.MeterConfigs(ctx)
	}
	return parsed(func(fits fits) ([]byte, error) { return s.get(ctx, metersPath, fits) }, parseMeters)
}

// fromReadings makes a sample of the meters' readings alone.
func (s *Session) fromReadings(ctx context.Context) (Sample, error) {
	r, err := s.readMeters(ctx)
	if err != nil {
		return Sample{}, err
	}
	if len(r.meters) == 0 {
		return Sample{}, fmt.Errorf("%s: %w", metersPath, ErrNoCT)
	}
	sample := Sample{Time: time.Now(), Reading: r.at, Metered: !r.at.IsZero(), Meters: r.meters, Frozen: r.frozen}
	if r.meter(NetConsumption) == nil {
		sample.NoGrid = fmt.Errorf("the gateway has no enabled CT at the grid connection: %s", needsCT)
	}
	if p, ok := s.inverterProduction(); ok && r.meter(Production) == nil {
		sample.Meters = append([]Meter{p}, sample.Meters...)
	}
	return sample, nil
}

// An inverterSum is what the inverters reported together.
type inverterSum struct {
	meter Meter
	at    time.Time // when it was read
}

// lasting is how long the inverters' sum, which is five minutes old when it
// comes, is told between two readings of it.
const lasting = 3 * time.Minute

// inverterProduction is production where no CT measures it, as last judged.
func (s *Session) inverterProduction() (Meter, bool) {
	if s.sum.at.IsZero() || time.Since(s.sum.at) > lasting {
		return Meter{}, false
	}
	return s.sum.meter, true
}

// CheckMeters reads again how the CTs are set up, which an installer or the
// cloud may change at any time. An error of [ErrReopen] says that what is
// measured has changed.
func (s *Session) CheckMeters(ctx context.Context) ([]MeterConfig, error) {
	configs, err := s.MeterConfigs(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case s.choice.configs != nil && !sameSetUp(s.choice.configs, configs):
		return configs, s.setUpAnew("the CTs are set up in another way")
	case s.choice.configs == nil && len(configs) > 0:
		s.choice.configs = configs
	}
	return configs, nil
}

// sameSetUp reports whether a and b measure the same, in whatever order.
func sameSetUp(a, b []MeterConfig) bool {
	byEID := func(x, y MeterConfig) int { return strings.Compare(x.EID, y.EID) }
	return slices.EqualFunc(slices.SortedFunc(slices.Values(a), byEID), slices.SortedFunc(slices.Values(b), byEID), func(x, y MeterConfig) bool {
		return x.EID == y.EID && x.Enabled == y.Enabled && x.Kind == y.Kind && x.Phases == y.Phases
	})
}

// MayMeasure reports whether a CT of one of the measurements is enabled, for all
// that is known: also while the gateway does not say.
func (s *Session) MayMeasure(ctx context.Context, ms ...Measurement) bool {
	configs := s.choice.configs
	if configs == nil {
		var err error
		if configs, err = s.MeterConfigs(ctx); err != nil {
			return !errors.Is(err, ErrUnsupported)
		}
	}
	return hasEnabled(configs, ms...)
}

func hasEnabled(configs []MeterConfig, ms ...Measurement) bool {
	return slices.ContainsFunc(configs, func(c MeterConfig) bool {
		m, ok := c.Measurement()
		return ok && c.Enabled && slices.Contains(ms, m)
	})
}

// Missing asks whether the CTs that the session has seen are still enabled. An
// error of [ErrReopen] says that one is not, and that answers without it are
// right; any other that it is not known.
func (s *Session) Missing(ctx context.Context) error {
	configs, err := s.MeterConfigs(ctx)
	if err != nil {
		return err
	}
	l := &s.layout
	switch {
	case l.seen[Production] && l.source == fromMeter && !hasEnabled(configs, Production):
		return s.setUpAnew("the production CT is not enabled any more")
	case (l.seen[NetConsumption] || l.seen[TotalConsumption]) && !hasEnabled(configs, NetConsumption, TotalConsumption):
		return s.setUpAnew("the consumption CT is not enabled any more")
	}
	return nil
}

// setUpAnew tells the session that follows that a meter may be missing.
func (s *Session) setUpAnew(how string) error {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.client.setUp = true
	return fmt.Errorf("%s: %w", how, ErrReopen)
}
