// Package clock estimates the time of a gateway's clock, from the times that it
// reports and from ours.
package clock

import "time"

// maxError is how far the gateway's clock may be from ours for its times to be
// published.
const maxError = 24 * time.Hour

// A Clock estimates the time of the gateway's clock, which may be wrong by decades.
type Clock struct {
	info     time.Time // by /info; zero if it reports none
	infoRead time.Time // when that was, by our clock
	ct       time.Time // the newest CT time that advanced
	ctRead   time.Time // when that was, by our clock
	newest   time.Time // report of any CT or device
}

// New returns a clock for a gateway whose /info, read now, reports the time info; zero
// if it reports none.
func New(info time.Time) Clock { return Clock{info: info, infoRead: time.Now()} }

// HasCT reports whether the clock follows a CT.
func (c *Clock) HasCT() bool { return !c.ct.IsZero() }

// Follow sets the clock to the newest CT time that has advanced; zero is none.
func (c *Clock) Follow(advanced time.Time) {
	if !advanced.IsZero() {
		c.ct, c.ctRead = advanced, time.Now()
	}
}

// Report records the time of a report.
func (c *Clock) Report(t time.Time) { c.newest = Later(c.newest, t) }

// byInfo returns the time by the clock of /info; zero if it has none.
func (c *Clock) byInfo() time.Time {
	if c.info.IsZero() {
		return time.Time{}
	}
	return c.info.Add(time.Since(c.infoRead))
}

// Set sets the time by /info, read now.
func (c *Clock) Set(info time.Time) { c.info, c.infoRead = info, time.Now() }

// Now returns the time by the gateway's clock, by which the age of what it reports
// is measured. Without a CT that advances, the two of /info, the newest report and
// our clock that are closest to each other decide.
func (c *Clock) Now() time.Time {
	ours, info := time.Now(), c.byInfo()
	switch {
	case !c.ct.IsZero():
		return c.ct.Add(ours.Sub(c.ctRead))
	case info.IsZero():
		return ours
	case c.newest.IsZero():
		return info
	}
	agree, infoError, ourError := apartBy(info, ours), apartBy(info, c.newest), apartBy(ours, c.newest)
	switch {
	case ourError < agree && ourError < infoError:
		return Later(ours, c.newest)
	case infoError < agree:
		return Later(info, c.newest)
	}
	return info
}

// IsKnown reports whether Now is right: a CT advances, or two of the other times
// agree to a day.
func (c *Clock) IsKnown() bool {
	info := c.byInfo()
	if !c.ct.IsZero() || info.IsZero() || c.newest.IsZero() {
		return true
	}
	ours := time.Now()
	return min(apartBy(info, ours), apartBy(info, c.newest), apartBy(ours, c.newest)) <= maxError
}

func apartBy(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

// IsNear reports whether t is at most a day from our time.
func IsNear(t time.Time) bool { return apartBy(t, time.Now()) <= maxError }

// Later returns the later of two times.
func Later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Date returns t for publication. It is zero if the gateway's clock is more than a
// day from ours, or if the time is as far in the future.
func (c *Clock) Date(t time.Time) time.Time {
	if !IsNear(c.Now()) || time.Until(t) > maxError {
		return time.Time{}
	}
	return t
}
