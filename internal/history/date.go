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

// Start returns when the day begins in loc.
func (d Date) Start(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// AddDays returns the date n days after d, or before it if n is negative.
func (d Date) AddDays(n int) Date { return DateOf(d.Start(time.UTC).AddDate(0, 0, n)) }

// String returns the date as 2026-06-18.
func (d Date) String() string { return d.Start(time.UTC).Format(time.DateOnly) }

// startOf returns when d begins in loc. Where the clock is put forward at midnight,
// the day begins an hour later.
func startOf(d Date, loc *time.Location) time.Time {
	t := d.Start(loc)
	if DateOf(t) != d {
		t = t.Add(time.Hour)
	}
	return t
}

// compare orders dates.
func compare(a, b Date) int {
	return (a.Year*12+int(a.Month)-b.Year*12-int(b.Month))*31 + a.Day - b.Day
}
