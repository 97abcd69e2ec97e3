package history

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// A Series is a quantity of which the power or level over time is kept.
type Series int

// The series. Powers are in W.
const (
	Solar     Series = iota // + producing
	Use                     // of the house, without the charging of batteries
	Grid                    // + importing, - exporting
	Battery                 // + discharging, - charging
	Level                   // of the batteries together, %
	NumSeries               // how many there are
)

// A Plot is the series of a period in equal steps. Point i of each series covers
// the time from Start + i·Step on.
type Plot struct {
	Start  time.Time
	End    time.Time     // exclusive; of a day with 23 or 25 hours the right one
	Step   time.Duration // a multiple of 10 s
	Series [NumSeries][]Point
}

// A Point is the measurements of one step; all three are NaN if there are none.
type Point struct {
	Min, Mean, Max float32
}

// A Day is the energies of a local day in kWh. Values that were not measured are
// NaN.
type Day struct {
	Date       Date
	Produced   float64
	Used       float64
	Imported   float64
	Exported   float64
	Charged    float64
	Discharged float64
	Peak       float64 // highest power of any series except Level, W
}

// An InverterDay is the reports of the inverters during a day in equal slots.
type InverterDay struct {
	Start     time.Time // of the first slot
	Step      time.Duration
	Slots     int // of the whole day
	Known     int // slots that have begun; the later ones are in the future
	UsualDays int // of the last seven days, how many Usual is made of
	Inverters []InverterPower
}

// An InverterPower is the reports of one inverter during a day.
type InverterPower struct {
	Serial string
	Power  []float32 // mean of each slot that has begun, W; NaN without a report
	// Usual is the usual ratio to the median of all inverters at the same time of
	// day, over the last seven days; NaN if it is unknown.
	Usual []float32
}

const secondsPerDay = 24 * 60 * 60

// A Date is a day of the local calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the date of t in its location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate returns the date of a text such as 2026-06-18.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("%.20q is not a date such as 2026-06-18", text)
	}
	return DateOf(t), nil
}

// Start returns when the day begins in loc. If midnight does not exist, because the
// clock is put forward then, that is an hour later; if it exists twice, the first time.
func (d Date) Start(loc *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
	if t.Day() != d.Day {
		return t.Add(time.Hour)
	}
	if earlier := t.Add(-time.Hour); earlier.Day() == d.Day {
		return earlier
	}
	return t
}

// AddDays returns the date n days after d, or before it if n is negative.
func (d Date) AddDays(n int) Date { return DateOf(d.Start(time.UTC).AddDate(0, 0, n)) }

// String returns the date as 2026-06-18.
func (d Date) String() string { return d.Start(time.UTC).Format(time.DateOnly) }

func compare(a, b Date) int {
	return (a.Year*12+int(a.Month)-b.Year*12-int(b.Month))*31 + a.Day - b.Day
}

// limit is the bound of powers in W and of energies in kWh. Values beyond it are
// ignored, and in a file they are damage.
const limit = 1e9

// firstTime is the earliest time that is recorded: before it the clock is not set.
var firstTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// future is how far after the present time data must be, in s, to be displaced
// first: the clock was wrong when it was recorded.
const future = 25 * 60 * 60

func isNaN(v float32) bool { return math.IsNaN(float64(v)) }

// nanSlice returns n values that were not measured.
func nanSlice(n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(math.NaN())
	}
	return s
}

// sum returns a + b, of which those that are NaN count nothing.
func sum(a, b float64) float64 {
	switch {
	case math.IsNaN(a):
		return b
	case math.IsNaN(b):
		return a
	}
	return a + b
}

// A slotMean is the mean of the measurements of the latest slot.
type slotMean struct {
	latest int64 // number of the slot, or when it begins
	sum    float64
	n      int
}

// add adds a measurement of a slot, and returns the mean.
func (m *slotMean) add(slot int64, v float64) float32 {
	if m.latest != slot {
		*m = slotMean{latest: slot}
	}
	m.sum += v
	m.n++
	return float32(m.sum / float64(m.n))
}

// insert inserts v at a place of a list in order of time. At capacity the last element
// makes room if it is of the future, else the first, and is returned. It is not ok, and
// v is not inserted, if v would be the oldest.
func insert[T any](list []*T, at int, v *T, capacity int, isFuture func(last *T) bool) (_ []*T, removed *T, ok bool) {
	if last := len(list) - 1; last+1 >= capacity {
		switch {
		case isFuture(list[last]):
			removed, list, at = list[last], list[:last], min(at, last)
		case at == 0:
			return list, nil, false
		default:
			removed = list[0]
			list, at = slices.Delete(list, 0, 1), at-1
		}
	}
	return slices.Insert(list, at, v), removed, true
}
