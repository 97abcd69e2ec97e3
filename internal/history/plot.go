package history

import (
	"math"
	"time"
)

// steps are the lengths of steps of a plot below a day, in s. From a minute on
// they are multiples of a minute.
var steps = []int64{
	10, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 4 * 3600, 6 * 3600, 12 * 3600,
}

const (
	maxPoints = 10000 // of a plot
	maxAlign  = 900   // s; the zones of the world differ by multiples of it
	minPaces  = 4     // times between measurements from which their pace is known
)

// Power returns the series from one time to another in at most points steps.
// Minimum and maximum are those of the means of 10 s in the latest 25 hours, else
// of a minute. now is the present time.
func (g *gateway) Power(from, to, now time.Time, points int) Plot {
	a, b := from.Unix(), to.Unix()
	if to.Nanosecond() > 0 {
		b++
	}
	least := int64(max(10, (g.energies.power.interval - time.Second/2).Seconds()))
	t := &g.fine
	if a < now.Unix()-future {
		t, least = &g.coarse, max(least, g.coarse.step)
	}
	least = max(least, t.pace(a, b))
	start, step := layout(a, b, least, int64(points))
	n := (b - start + step - 1) / step
	p := Plot{Start: time.Unix(start, 0).In(from.Location()), End: to, Step: time.Duration(step) * time.Second}
	for s := range p.Series {
		p.Series[s] = t.points(Series(s), start, b, step, n)
	}
	return p
}

// pace returns the usual time between two measurements from the time from to the time
// to (exclusive), all in s: that of half of them is not longer; 0 if it is unknown.
// They can be further apart than slots are long, which are no gaps then.
func (t *tier) pace(from, to int64) int64 {
	for s := range NumSeries {
		var counts [chunkSlots + 1]int // by the number of slots between; the last has those that are longer, too
		var last int64
		n := 0
		t.each(s, from, to, func(unix int64, values []float32) {
			for i, v := range values {
				if isNaN(v) {
					continue
				}
				at := unix/t.step + int64(i)
				if last > 0 {
					counts[min(at-last, chunkSlots)]++
					n++
				}
				last = at
			}
		})
		if n < minPaces {
			continue
		}
		for slots, count := range counts {
			if n -= 2 * count; n <= 0 {
				return int64(slots) * t.step
			}
		}
	}
	return 0
}

// layout returns the first step and the length of the steps of a plot, all in s:
// at least least, and at most points of them.
func layout(from, to, least, points int64) (start, step int64) {
	fits := func(step int64) bool {
		align := min(step, maxAlign)
		start = from - (from%align+align)%align
		return step >= least && (to-start+step-1)/step <= points
	}
	for _, step := range steps {
		if fits(step) {
			return start, step
		}
	}
	step = secondsPerDay
	for !fits(step) {
		step *= 2
	}
	return start, step
}

// points returns a series in n steps from start on, nil without any measurement.
func (t *tier) points(s Series, start, end, step, n int64) []Point {
	list := make([]Point, n)
	for i := range list {
		nan := float32(math.NaN())
		list[i] = Point{nan, nan, nan}
	}
	hasAny := false
	var total float64
	count, current := 0, int64(-1) // of the step
	t.each(s, start, end, func(unix int64, values []float32) {
		for i, v := range values {
			if isNaN(v) {
				continue
			}
			step := (unix + int64(i)*t.step - start) / step
			p := &list[step]
			if step != current {
				current, count, total = step, 0, 0
				*p = Point{v, v, v}
			}
			count++
			total += float64(v)
			*p = Point{min(p.Min, v), float32(total / float64(count)), max(p.Max, v)}
			hasAny = true
		}
	})
	if !hasAny {
		return nil
	}
	return list
}
