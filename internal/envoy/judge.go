package envoy

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

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
		case slices.Contains(sample.Frozen, m), slices.Contains(r.frozen, m):
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
	const plain = 200 // W: below it noise decides the sign
	return a*b < 0 && min(math.Abs(a), math.Abs(b)) > plain && math.Abs(a+b) < 0.25*max(math.Abs(a), math.Abs(b))
}

// apart reports whether a and b, read seconds apart, are more than a kettle, a
// cloud and a car apart.
func apart(a, b float64) bool {
	const kettle = 3000 // W
	return math.Abs(a-b) > kettle+0.5*max(math.Abs(a), math.Abs(b))
}
