package envoy

import "time"

// maxClockError is how far the gateway's clock may be from ours for its times to
// be published.
const maxClockError = 24 * time.Hour

// A clock estimates the time of the gateway's clock, which may be wrong by decades.
type clock struct {
	info   time.Time // by /info, as it was when the session opened; zero if it reports none
	opened time.Time // by our clock
	ct     time.Time // the newest CT time that advanced
	ctRead time.Time // when that was, by our clock
	newest time.Time // report of any CT or device
}

// follow sets the clock to the newest CT time that has advanced; zero is none.
func (c *clock) follow(advanced time.Time) {
	if !advanced.IsZero() {
		c.ct, c.ctRead = advanced, time.Now()
	}
}

// report records the time of a report.
func (c *clock) report(t time.Time) { c.newest = later(c.newest, t) }

// byInfo returns the time by the clock of /info; zero if it has none.
func (c *clock) byInfo() time.Time {
	if c.info.IsZero() {
		return time.Time{}
	}
	return c.info.Add(time.Since(c.opened))
}

// set sets the time by /info.
func (c *clock) set(info time.Time) {
	if c.info = info; !info.IsZero() {
		c.info = info.Add(-time.Since(c.opened))
	}
}

// now returns the time by the gateway's clock, by which the age of what it reports
// is measured. Without a CT that advances, the two of /info, the newest report and
// our clock that are closest to each other decide.
func (c *clock) now() time.Time {
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
		return later(ours, c.newest)
	case infoError < agree:
		return later(info, c.newest)
	}
	return info
}

// isKnown reports whether now is right: a CT advances, or two of the other times
// agree to a day.
func (c *clock) isKnown() bool {
	info := c.byInfo()
	if !c.ct.IsZero() || info.IsZero() || c.newest.IsZero() {
		return true
	}
	ours := time.Now()
	return min(apartBy(info, ours), apartBy(info, c.newest), apartBy(ours, c.newest)) <= maxClockError
}

func apartBy(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// date returns t for publication. It is zero if the gateway's clock is more than a
// day from ours, or if the time is as far in the future.
func (c *clock) date(t time.Time) time.Time {
	now := time.Now()
	if apartBy(c.now(), now) > maxClockError || t.Sub(now) > maxClockError {
		return time.Time{}
	}
	return t
}
