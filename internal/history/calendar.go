package history

import (
	"math"
	"slices"
	"time"
)

// maxDays is how many days are kept, beside the present one.
const maxDays = 400

// A day is the energies of a day, in kWh.
type day struct {
	date       Date
	counted    [numEnergies]float64 // by counters; NaN if nothing was
	integrated [numEnergies]float64 // since the last reading of the counter; NaN if nothing was
	peak       float64              // highest power, W
}

func newDay(date Date) *day {
	d := &day{date: date}
	for e := range d.counted {
		d.counted[e], d.integrated[e] = math.NaN(), math.NaN()
	}
	return d
}

func (d *day) total() Day {
	var v [numEnergies]float64
	for e := range v {
		v[e] = sum(d.counted[e], d.integrated[e])
	}
	if balance, ok := d.balance(); ok && math.IsNaN(d.counted[used]) {
		v[used] = balance
	}
	peak := d.peak
	if peak == 0 {
		peak = math.NaN()
	}
	return Day{d.date, v[produced], v[used], v[imported], v[exported], v[charged], v[discharged], peak}
}

// hasData reports whether anything was measured.
func (d *Day) hasData() bool {
	v := sum(sum(d.Produced, d.Used), sum(d.Imported, d.Exported))
	return !math.IsNaN(sum(v, sum(sum(d.Charged, d.Discharged), d.Peak)))
}

// balance returns the energy that the house used, if the others have counters. An
// unmeasured battery is excluded: with one, no power of the house is integrated.
func (d *day) balance() (float64, bool) {
	c := &d.counted
	hasBatteries := !math.IsNaN(sum(d.integrated[charged], d.integrated[discharged]))
	areCounted := !math.IsNaN(c[charged] + c[discharged])
	if !areCounted && (hasBatteries || math.IsNaN(d.integrated[used])) {
		return 0, false
	}
	v := c[produced] + c[imported] - c[exported] + sum(c[discharged], 0) - sum(c[charged], 0)
	return max(0, v), !math.IsNaN(v)
}

// A calendar is the days of a gateway.
type calendar struct {
	loc  *time.Location
	days []*day // by date
}

// at returns the day of t, which it creates if necessary. If the calendar is full
// of later days, the result is not kept.
func (c *calendar) at(t time.Time) *day {
	date := DateOf(t.In(c.loc))
	i, found := c.search(date)
	if found {
		return c.days[i]
	}
	created := newDay(date)
	c.days, _, _ = insert(c.days, i, created, maxDays+1, func(last *day) bool {
		return last.date.Start(c.loc).Unix() > t.Unix()+future
	})
	return created
}

func (c *calendar) search(date Date) (int, bool) {
	return slices.BinarySearchFunc(c.days, date, func(d *day, date Date) int { return compare(d.date, date) })
}

// spread calls f with each day from one time to another and its share of the time
// between. If the clock has gone back, all is of the day of to.
func (c *calendar) spread(from, to time.Time, f func(d *day, share float64)) {
	today := c.at(to)
	total := to.Unix() - from.Unix()
	if total <= 0 || from.Unix() >= today.date.Start(c.loc).Unix() {
		f(today, 1)
		return
	}
	for t := from.Unix(); t < to.Unix(); {
		d := c.at(time.Unix(t, 0))
		end := d.date.AddDays(1).Start(c.loc).Unix()
		f(d, float64(min(end, to.Unix())-t)/float64(total))
		t = end
	}
}

// between calls f with each day that is kept from the one of a to the one of b, or
// from b to a. It creates the day of b if necessary.
func (c *calendar) between(a, b time.Time, f func(d *day)) {
	c.at(b)
	from, to := DateOf(a.In(c.loc)), DateOf(b.In(c.loc))
	if compare(from, to) > 0 {
		from, to = to, from
	}
	for _, d := range c.find(from, to) {
		f(d)
	}
}

// find returns the days from one date to another, inclusive.
func (c *calendar) find(from, to Date) []*day {
	i, _ := c.search(from)
	j, found := c.search(to)
	if found {
		j++
	}
	return c.days[i:max(i, j)]
}
