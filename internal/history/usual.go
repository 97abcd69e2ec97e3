package history

import (
	"maps"
	"math"
	"slices"
	"time"
)

// newInverterReport returns the slots of a day that have begun at now. days are copies of
// the days before, then the day itself, which are by date.
func newInverterReport(date Date, days []*inverterDay, now time.Time, loc *time.Location) InverterDay {
	if len(days) == 0 || days[len(days)-1].date != date {
		return InverterDay{}
	}
	d, before := days[len(days)-1], days[:len(days)-1]
	known := 0
	if now.Unix() >= d.start {
		known = d.slot(now.Unix()) + 1
	}
	u := newUsual(d, before)
	result := InverterDay{
		Start: time.Unix(d.start, 0).In(loc), Step: inverterStep,
		Slots: d.slots, Known: known, UsualDays: len(u.days),
	}
	for _, serial := range slices.Sorted(maps.Keys(d.power)) {
		power := d.power[serial]
		if power == nil {
			power = nanSlice(d.slots)
		}
		result.Inverters = append(result.Inverters, InverterPower{serial, power[:known], u.ratios(serial, known)})
	}
	return result
}

// minMedian is the median power in W from which a ratio to it says something.
const minMedian = 10

// A usual computes the usual ratio of each inverter to the median of all, by the
// slots of one day. The same time of day is that of the sun, which daylight saving
// does not shift.
type usual struct {
	days []usualDay // those that have reports
}

// A usualDay is a day that the usual ratio is made of.
type usualDay struct {
	*inverterDay
	medians []float32 // of all inverters, W; NaN if it is too low
	offset  int       // from a slot of the day that is compared to the one of this day
}

// newUsual returns the usual ratios for the slots of d by the days before it.
func newUsual(d *inverterDay, before []*inverterDay) usual {
	var u usual
	for _, b := range before {
		medians, ok := b.medians()
		if !ok {
			continue
		}
		between := (d.start - b.start + secondsPerDay/2) / secondsPerDay * secondsPerDay // whole days
		u.days = append(u.days, usualDay{b, medians, int((d.start - between - b.start) / int64(inverterStep/time.Second))})
	}
	return u
}

// ratios returns the usual ratios of an inverter, of the first n slots: the median
// of the days; NaN if unknown.
func (u *usual) ratios(serial string, n int) []float32 {
	ratios := nanSlice(n)
	var of []float32
	for slot := range ratios {
		of = of[:0]
		for _, d := range u.days {
			at, power := slot+d.offset, d.power[serial]
			if at < 0 || at >= len(power) {
				continue
			}
			if r := power[at] / d.medians[at]; !isNaN(r) {
				of = append(of, r)
			}
		}
		ratios[slot] = median(of)
	}
	return ratios
}

// medians returns the median power of each slot, NaN if it is too low, and whether
// there is one that is not.
func (d *inverterDay) medians() (medians []float32, ok bool) {
	medians = nanSlice(d.slots)
	var of []float32
	for slot := range medians {
		of = of[:0]
		for _, power := range d.power {
			if slot < len(power) && !isNaN(power[slot]) {
				of = append(of, power[slot])
			}
		}
		if m := median(of); m >= minMedian {
			medians[slot], ok = m, true
		}
	}
	return medians, ok
}

// median returns the median of values, which it sorts; NaN if there are none.
func median(values []float32) float32 {
	n := len(values)
	if n == 0 {
		return float32(math.NaN())
	}
	slices.Sort(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
