package envoy

import (
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
)

// ctTimes are the times of the CTs' readings in one endpoint.
type ctTimes struct {
	cts [measurements]struct {
		reading time.Time // by the gateway's clock; zero if it reports none
		values  *Channel  // as reported, of the total; nil without a voltage
		since   time.Time // when the reading was first read, by ours; zero if it was old then
	}
	older time.Time // of the last answer, if isOlder; else zero
}

// maxLag is how much older than that of another CT in the same answer, and than the
// gateway's clock, a CT's reading may be when it is first read. In the captures, CTs are at
// most a second apart.
const maxLag = time.Minute

// isOlder reports whether r is older than the readings before it: the newest of its CTs'
// times goes back, and none advances. Where the gateway's clock was set back, the next
// reading advances from there and is not older; an old response that is repeated stands
// still.
func (ts *ctTimes) isOlder(r *reading) bool {
	var newest time.Time
	advances := !ts.older.IsZero() && r.at.After(ts.older)
	for _, m := range r.meters {
		last := ts.cts[m.Measurement].reading
		newest = clock.Later(newest, last)
		advances = advances || !last.IsZero() && m.MeasuredAt.After(last)
	}
	if ts.older = (time.Time{}); advances || r.at.IsZero() || !r.at.Before(newest) {
		return false
	}
	ts.older = r.at
	return true
}

// update records the times of meters, read when it was gatewayNow by the gateway's clock,
// zero if that is not known. It returns the CTs whose time or whose values have not changed
// for limit, and the newest of the times that have advanced. A CT whose first time is old,
// where another is not, is taken to be frozen until it changes. A gateway may give a
// repeated reading a new time, or no time, but a voltage in mV never stands still.
func (ts *ctTimes) update(meters []Meter, gatewayNow time.Time, limit time.Duration) (frozen []FrozenError, advanced time.Time) {
	now := time.Now()
	var newest time.Time
	for _, m := range meters {
		newest = clock.Later(newest, m.MeasuredAt)
	}
	for _, m := range meters {
		t := &ts.cts[m.Measurement]
		var values *Channel // nil without a voltage: as on a line that is off, they may stand still
		if len(m.Raw) > 0 && m.Raw[0].hasVoltage() {
			values = &m.Raw[0]
		}
		isRepeated := values != nil && t.values != nil && *values == *t.values
		t.values = values
		hasTime, hadTime := !m.MeasuredAt.IsZero(), !t.reading.IsZero()
		repeated := t.reading
		switch {
		case hadTime && (!hasTime || m.MeasuredAt.Equal(t.reading)):
		case hasTime && !hadTime && newest.Sub(m.MeasuredAt) > maxLag && gatewayNow.Sub(m.MeasuredAt) > maxLag:
			t.reading, repeated = m.MeasuredAt, m.MeasuredAt
		default:
			if hadTime && m.MeasuredAt.After(t.reading) {
				advanced = clock.Later(advanced, m.MeasuredAt)
			}
			if t.reading, repeated = m.MeasuredAt, (time.Time{}); !isRepeated {
				t.since = now
			}
		}
		if limit > 0 && now.Sub(t.since) >= limit {
			frozen = append(frozen, FrozenError{m.Measurement, repeated})
		}
	}
	return frozen, advanced
}

// dropFrozen removes from r the frozen CTs and what the gateway computes from
// them: computed is the consumption meter that no CT measures. It returns a
// [*FrozenError] where the grid is frozen, or all there is.
func (r *reading) dropFrozen(frozen []FrozenError, computed Measurement) error {
	if len(frozen) == 0 {
		return nil
	}
	var ms []Measurement
	for _, f := range frozen {
		ms = append(ms, f.CT)
	}
	is := func(m Measurement) bool { return slices.Contains(ms, m) }
	if !is(computed) && (is(Production) || computed == NetConsumption && is(TotalConsumption)) {
		ms = append(ms, computed)
	}
	left := slices.DeleteFunc(slices.Clone(r.meters), func(m Meter) bool { return is(m.Measurement) })
	if is(NetConsumption) || len(left) == 0 {
		return &frozen[0]
	}
	r.meters, r.frozen, r.at = left, ms, time.Time{}
	for _, m := range left {
		r.at = clock.Later(r.at, m.MeasuredAt)
	}
	return nil
}
