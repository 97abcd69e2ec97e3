package envoy

import (
	"fmt"
	"math"
	"slices"
)

// compareSources compares a sample of /production.json with a reading of the
// meters: types, signs and plausibility; energies of the two are never compared.
// hasPVCT reports whether the sample's production is measured by a CT. It returns
// "" if the two agree, or why they do not.
func compareSources(sample Sample, r *reading, hasPVCT bool) string {
	for _, m := range []Measurement{Production, NetConsumption, TotalConsumption} {
		p, ok := sample.Meter(m)
		if m == Production && !hasPVCT {
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
		case oppositeSign(p.Total.val[Power], q.Total.val[Power]):
			return fmt.Sprintf("the meters' readings have the other sign for %s than production.json", m)
		case implausiblyDifferent(p.Total.val[Power], q.Total.val[Power]):
			return fmt.Sprintf("the meters' readings of %s are far from those of production.json", m)
		}
	}
	return ""
}

// oppositeSign reports whether b looks like a with the other sign.
func oppositeSign(a, b float64) bool {
	const significant = 200 // W: below it noise decides the sign
	return a*b < 0 && min(math.Abs(a), math.Abs(b)) > significant && math.Abs(a+b) < 0.25*max(math.Abs(a), math.Abs(b))
}

// implausiblyDifferent reports whether a and b, read seconds apart, differ by more
// than a kettle, a cloud and a car.
func implausiblyDifferent(a, b float64) bool {
	const kettle = 3000 // W
	return math.Abs(a-b) > kettle+0.5*max(math.Abs(a), math.Abs(b))
}
