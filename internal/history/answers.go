package history

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Days returns the energies of the days from one date to another, inclusive.
func (g *gateway) Days(from, to Date) []Day {
	g.mu.Lock()
	defer g.mu.Unlock()
	var days []Day
	for _, d := range g.energies.calendar.find(from, to) {
		if total := d.total(); total.hasData() {
			days = append(days, total)
		}
	}
	return days
}

// Peak returns the highest power of the 31 days up to today, W.
func (g *gateway) Peak(today Date) float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	highest := 0.0
	for _, d := range g.energies.calendar.find(today.AddDays(-30), today) {
		highest = max(highest, d.peak)
	}
	return highest
}

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
		Start: time.Unix(d.start, 0).In(g.energies.calendar.loc), Step: inverterStep,
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
