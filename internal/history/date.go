package history

import (
	"fmt"
	"time"
)

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

// compare orders dates.
func compare(a, b Date) int {
	return (a.Year*12+int(a.Month)-b.Year*12-int(b.Month))*31 + a.Day - b.Day
}
