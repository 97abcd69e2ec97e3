package web

import (
	"math"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// lightPower is the solar power in W from which it is day.
const lightPower = 5

// A daylight is when solar power was produced, in s since 1970. The place of the
// gateway is not known, so that this is all that is known of day and night.
type daylight struct {
	from, to int64 // zero: nothing was produced
	// hasDawn means that darkness was measured before, hasDusk after it. Without them
	// the light can have begun earlier, or can go on.
	hasDawn, hasDusk bool
}

// daylightOf returns the light of a day.
func daylightOf(p history.Plot) daylight {
	var l daylight
	dark := int64(0) // the end of the last dark step before the light
	for i, s := range p.Series[history.Solar] {
		at := p.Start.Add(time.Duration(i) * p.Step).Unix()
		switch next := at + int64(p.Step/time.Second); {
		case math.IsNaN(float64(s.Mean)):
		case s.Mean > lightPower && l.from == 0:
			l = daylight{from: at, to: next, hasDawn: dark > 0}
			if l.hasDawn {
				l.from = dark
			}
		case s.Mean > lightPower:
			l.to, l.hasDusk = next, false
		case l.from == 0:
			dark = next
		case !l.hasDusk:
			l.to, l.hasDusk = at, true
		}
	}
	return l
}

// completed returns the light of a day that has not ended: what is missing is that of
// the day before.
func (l daylight) completed(before daylight) daylight {
	const day = 24 * 60 * 60 // of the sun, which daylight saving does not shift
	before.from, before.to = before.from+day, before.to+day
	switch {
	case before.from == day:
		return l
	case l.from == 0:
		return before
	}
	if !l.hasDawn && before.hasDawn {
		l.from, l.hasDawn = min(l.from, before.from), true
	}
	if before.hasDusk && before.to > l.to {
		l.to, l.hasDusk = before.to, true
	}
	return l
}

// within returns the light of the day from start to end; nil if none is known. Hours
// that can have been light are light.
func (l daylight) within(start, end time.Time) []int64 {
	if l.from == 0 {
		return nil
	}
	if !l.hasDawn {
		l.from = start.Unix()
	}
	if !l.hasDusk {
		l.to = end.Unix()
	}
	return []int64{l.from, l.to}
}
