package envoy

import (
	"fmt"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
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

// A frozenCT is a CT whose reading does not change.
type frozenCT struct {
	measurement Measurement
	reading     time.Time // by the gateway's clock
}

// update records the times of meters. It returns the CTs whose time has not
// changed for limit, and the newest of the times that have advanced.
func (ts *ctTimes) update(meters []Meter, limit time.Duration) (frozen []frozenCT, advanced time.Time) {
	now := time.Now()
	for _, m := range meters {
		t := &ts[m.Measurement]
		switch {
		case t.reading.IsZero() || !m.MeasuredAt.IsZero() && !m.MeasuredAt.Equal(t.reading):
			if !t.reading.IsZero() && m.MeasuredAt.After(t.reading) && m.MeasuredAt.After(advanced) {
				advanced = m.MeasuredAt
			}
			t.reading, t.since = m.MeasuredAt, now
		case limit > 0 && now.Sub(t.since) >= limit:
			frozen = append(frozen, frozenCT{m.Measurement, t.reading})
		}
	}
	return frozen, advanced
}

// dropFrozen removes from r the frozen CTs and what the gateway computes from
// them: computed is the consumption meter that no CT measures. It returns a
// [*FrozenError] where the grid is frozen, or all there is.
func (r *reading) dropFrozen(frozen []frozenCT, computed Measurement) error {
	if len(frozen) == 0 {
		return nil
	}
	var ms []Measurement
	for _, f := range frozen {
		ms = append(ms, f.measurement)
	}
	is := func(m Measurement) bool { return slices.Contains(ms, m) }
	if !is(computed) && (is(Production) || computed == NetConsumption && is(TotalConsumption)) {
		ms = append(ms, computed)
	}
	left := slices.DeleteFunc(slices.Clone(r.meters), func(m Meter) bool { return is(m.Measurement) })
	if is(NetConsumption) || len(left) == 0 {
		return &FrozenError{frozen[0].measurement, frozen[0].reading}
	}
	r.meters, r.frozen, r.at = left, ms, time.Time{}
	for _, m := range left {
		r.at = clock.Later(r.at, m.MeasuredAt)
	}
	return nil
}
