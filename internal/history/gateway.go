package history

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// maxLevelAge is how long a level of the batteries is the present one.
const maxLevelAge = 10 * time.Minute

// A gateway is the history of one gateway. Its exported methods do the work of the
// Store's methods of the same name.
type gateway struct {
	mu           sync.Mutex // guards the other fields
	fine, coarse tier
	energies     energies
	inverters    inverters
	level        float64   // of the batteries, %
	levelAt      time.Time // zero without a level
	dirty        bool      // the days must be written
	backup       Date      // of the last second file of the days
	readOnly     bool      // a newer version has written files
}

func newGateway(loc *time.Location) *gateway {
	g := &gateway{energies: energies{calendar: calendar{loc: loc}}}
	g.fine, g.coarse = newTiers()
	return g
}

// Add records a sample.
func (g *gateway) Add(s envoy.Sample, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := s.Meter(envoy.Storage); ok {
		g.energies.noteBatteries(at)
	}
	o := observe(s, g.energies.hasBatteries(at))
	if age := at.Sub(g.levelAt); !g.levelAt.IsZero() && age >= 0 && age <= maxLevelAge {
		o.powers[Level] = g.level
	}
	for s, v := range o.powers {
		if !math.IsNaN(v) {
			g.fine.add(Series(s), at.Unix(), v)
			g.coarse.add(Series(s), at.Unix(), v)
		}
	}
	g.energies.add(&o, at)
	g.dirty = true
}

// AddLevel records the level of the batteries, in %.
func (g *gateway) AddLevel(percent float64, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.level, g.levelAt = percent, at
	g.energies.noteBatteries(at)
}

// AddInverters records the reports of inverters.
func (g *gateway) AddInverters(list []device.Inverter, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inverters.add(list, at, g.energies.calendar.loc)
}

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
