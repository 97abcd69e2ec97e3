package history

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Inverters returns the slots of a day that have begun at now.
func (g *gateway) Inverters(date Date, now time.Time) InverterDay {
	g.mu.Lock()
	var days []*inverterDay // before date, then the day itself
	for _, d := range g.inverters.days {
		if compare(d.date, date) <= 0 && compare(d.date, date.AddDays(-usualDays)) >= 0 {
			days = append(days, d.clone())
		}
	}
	g.mu.Unlock()
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
		Start: time.Unix(d.start, 0).In(g.calendar.loc), Step: inverterStep,
		Slots: d.slots, Known: known, UsualDays: len(u.days),
	}
	for _, serial := range slices.SortedFunc(maps.Keys(d.power), cmp.Compare[string]) {
		power := d.power[serial]
		if power == nil {
			power = nanSlice(d.slots)
		}
		result.Inverters = append(result.Inverters, InverterPower{serial, power[:known], u.ratios(serial, known)})
	}
	return result
}
