package envoy

import (
	"fmt"
	"slices"
	"time"
)

// A FrozenError reports a CT that the sample cannot do without and whose time
// has not changed for the client's StaleAfter.
type FrozenError struct {
	CT   Measurement
	Time time.Time // of its reading, by the gateway's clock
}

func (e *FrozenError) Error() string {
	return fmt.Sprintf("the gateway is frozen: the %s CT still has its reading of %s; restart the gateway", e.CT, e.Time.Format(time.RFC3339))
}

// ctTimes are the times of the CTs' readings in one endpoint.
type ctTimes [measurements]struct {
	reading time.Time // by the gateway's clock
	since   time.Time // when that time was first read, by ours
}

// update records the times of meters. It returns the CTs whose time has not
// changed for limit, and the newest of the times that have advanced.
func (ts *ctTimes) update(meters []Meter, limit time.Duration) (frozen []Measurement, advanced time.Time) {
	now := time.Now()
	for _, m := range meters {
		t := &ts[m.Measurement]
		switch {
		case t.reading.IsZero() || !m.Reading.IsZero() && !m.Reading.Equal(t.reading):
			if !t.reading.IsZero() && m.Reading.After(t.reading) && m.Reading.After(advanced) {
				advanced = m.Reading
			}
			t.reading, t.since = m.Reading, now
		case limit > 0 && now.Sub(t.since) >= limit:
			frozen = append(frozen, m.Measurement)
		}
	}
	return frozen, advanced
}

// dropFrozen removes from r, an answer of path, the CTs that are frozen and what
// the gateway computes from them. It returns a [*FrozenError] where that is the
// grid, or all there is. The clock follows the CTs that advance.
func (s *Session) dropFrozen(path string, r *reading) error {
	c := s.client
	c.mu.Lock()
	times := c.ctTimes[path]
	if times == nil {
		times = new(ctTimes)
		if c.ctTimes == nil {
			c.ctTimes = map[string]*ctTimes{}
		}
		c.ctTimes[path] = times
	}
	frozen, advanced := times.update(r.meters, c.StaleAfter)
	c.mu.Unlock()
	s.clock.follow(advanced)
	s.clock.report(r.at)
	if len(frozen) == 0 {
		return nil
	}
	is := func(m Measurement) bool { return slices.Contains(frozen, m) }
	// One of the consumption meters is computed from the other and production.
	computed := TotalConsumption
	if hasEnabled(s.choice.configs, TotalConsumption) && !hasEnabled(s.choice.configs, NetConsumption) {
		computed = NetConsumption
	}
	if !is(computed) && (is(Production) || computed == NetConsumption && is(TotalConsumption)) {
		frozen = append(frozen, computed)
	}
	left := slices.DeleteFunc(slices.Clone(r.meters), func(m Meter) bool { return is(m.Measurement) })
	if is(NetConsumption) || len(left) == 0 {
		return &FrozenError{frozen[0], times[frozen[0]].reading}
	}
	r.meters, r.frozen, r.at = left, frozen, time.Time{}
	for _, m := range left {
		r.at = later(r.at, m.Reading)
	}
	return nil
}
