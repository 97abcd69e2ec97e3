package envoy

import (
	"context"
	"time"
)

// maxClockError is how far the gateway's clock may be from ours for its times to
// be published.
const maxClockError = 24 * time.Hour

// A clock is what is known of the gateway's clock, which may be wrong by decades.
type clock struct {
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

// now returns the time by the gateway's clock, where info is the time by its
// /info. Without a CT that advances, the two of info, the newest report and our
// clock that are closest to each other decide.
func (c *clock) now(info time.Time) time.Time {
	ours := time.Now()
	switch {
	case !c.ct.IsZero():
		return c.ct.Add(ours.Sub(c.ctRead))
	case info.IsZero():
		return ours
	case c.newest.IsZero():
		return info
	}
	agree, byInfo, byOurs := apartBy(info, ours), apartBy(info, c.newest), apartBy(ours, c.newest)
	switch {
	case byOurs < agree && byOurs < byInfo:
		return later(ours, c.newest)
	case byInfo < agree:
		return later(info, c.newest)
	}
	return info
}

// isKnown reports whether now is right: a CT advances, or two of the other times
// agree to a day.
func (c *clock) isKnown(info time.Time) bool {
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

// now returns the time by the gateway's clock. The age of what it reports is
// measured by that.
func (s *Session) now() time.Time { return s.clock.now(s.infoTime()) }

// infoTime returns the time by the clock of /info; zero if it has none.
func (s *Session) infoTime() time.Time {
	if s.Time.IsZero() {
		return time.Time{}
	}
	return s.Time.Add(time.Since(s.opened))
}

// ReadClock reads the gateway's clock again, from /info, where no CT has it.
func (s *Session) ReadClock(ctx context.Context) error {
	if !s.clock.ct.IsZero() {
		return nil
	}
	info, _, err := s.client.readInfo(ctx, []string{s.base})
	if err != nil {
		return err
	}
	if s.Time = info.Time; !s.Time.IsZero() {
		s.Time = s.Time.Add(-time.Since(s.opened))
	}
	return nil
}

// Date returns a time by the gateway's clock for publication. It is zero if that
// clock is more than a day from ours, or if the time is as far in the future.
func (s *Session) Date(t time.Time) time.Time {
	now := time.Now()
	if apartBy(s.now(), now) > maxClockError || t.Sub(now) > maxClockError {
		return time.Time{}
	}
	return t
}

// ReadingDate is Date for the time of a sample: a CT's is the time by the
// gateway's clock.
func (s *Session) ReadingDate(sample Sample) time.Time {
	if sample.Metered && apartBy(sample.Reading, time.Now()) > maxClockError {
		return time.Time{}
	}
	return s.Date(sample.Reading)
}

// isRecent reports whether a report is younger than limit. One that is as far in
// the future is not, as its time is wrong.
func isRecent(reported, now time.Time, limit time.Duration) bool {
	return apartBy(now, reported) <= limit
}
