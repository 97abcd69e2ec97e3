package history

import (
	"math"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// maxLevelAge is how long a level of the batteries is the present one.
const maxLevelAge = 10 * time.Minute

// A gateway is the history of one gateway.
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

// do calls f, which alone uses the other fields meanwhile. It does nothing if g is nil.
func (g *gateway) do(f func(*gateway)) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	f(g)
}

// Add records a sample.
func (g *gateway) Add(s envoy.Sample, at time.Time) {
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

// How long something lasts at most.
const (
	maxIntegrated = 2 * time.Minute     // power is integrated
	maxCounted    = 31 * 24 * time.Hour // the difference of a counter is counted
	maxBehind     = 15 * time.Minute    // a reading awaits the clock
	maxNoBattery  = 7 * 24 * time.Hour  // no battery is reported although there is one
)

// maxPower is the most power that a counter counts, kW; slack is how much more it
// may rise, kWh.
const (
	maxPower = 200
	slack    = 1
)

// energies is the energies of one gateway's days, and the readings from which they
// continue.
type energies struct {
	calendar    calendar
	last        reading                // of the counters
	behindSince [numEnergies]time.Time // since when readings await the clock; zero if not
	power       powerReading
}

// A reading is the last readings of the counters, from which they continue also
// after a restart. The zero time is none.
type reading struct {
	counters  [numEnergies]counter
	at        [numEnergies]time.Time
	batteries time.Time // when batteries were last reported
}

// A powerReading is the last powers, from which they are integrated.
type powerReading struct {
	at       time.Time          // with the monotonic clock
	powers   [NumSeries]float64 // W; NaN if not measured
	interval time.Duration      // between the last two samples
}

// add adds what an observation has counted, or else its power, since the one before.
func (s *energies) add(o *observation, at time.Time) {
	today := s.calendar.at(at)
	today.peak = max(today.peak, o.peak())
	s.integrate(&o.powers, at)
	for e, c := range o.counters {
		if !math.IsNaN(c.value) {
			s.count(energy(e), c, at)
		}
	}
}

// integrate adds the energies from the last powers to these.
func (s *energies) integrate(powers *[NumSeries]float64, at time.Time) {
	p := &s.power
	from, elapsed := p.at, at.Sub(p.at)
	means := meanPowers(&p.powers, powers)
	isFirst := from.IsZero()
	p.at, p.powers = at, *powers
	if isFirst || elapsed <= 0 || elapsed > maxIntegrated {
		return
	}
	p.interval = elapsed
	for e, w := range means {
		if math.IsNaN(w) || !s.behindSince[e].IsZero() {
			continue
		}
		kwh := w / 1000 * elapsed.Hours()
		s.calendar.spread(from, at, func(d *day, share float64) {
			d.integrated[e] = sum(d.integrated[e], kwh*share)
		})
	}
}

// count adds what a counter has counted since its last reading. It replaces what
// was integrated since. If the counter cannot be continued, the integral counts.
func (s *energies) count(e energy, c counter, at time.Time) {
	last, lastAt := s.last.counters[e], s.last.at[e]
	if s.awaitsClock(e, c, at) {
		return
	}
	at = at.Round(0)
	s.last.counters[e], s.last.at[e] = c, at
	if lastAt.IsZero() {
		today := s.calendar.at(at)
		today.counted[e], today.integrated[e] = sum(today.counted[e], sum(today.integrated[e], 0)), math.NaN()
		return
	}
	difference := c.value - last.value
	if last.register != c.register || !isPlausible(difference, at.Sub(lastAt)) {
		s.calendar.between(lastAt, at, func(d *day) {
			d.counted[e], d.integrated[e] = sum(d.counted[e], d.integrated[e]), math.NaN()
		})
		return
	}
	s.calendar.between(lastAt, at, func(d *day) { d.integrated[e] = math.NaN() })
	s.calendar.spread(lastAt, at, func(d *day, share float64) {
		d.counted[e] = sum(d.counted[e], difference*share)
	})
}

// awaitsClock reports whether a reading is ignored for now: the clock is behind that
// of the last reading, and the counter has risen by more than it can meanwhile. This
// is so after a restart of a computer without a clock of its own, until it has
// synchronized its clock.
func (s *energies) awaitsClock(e energy, c counter, at time.Time) bool {
	last, since := &s.last, &s.behindSince[e]
	if !at.Before(last.at[e]) || c.value-last.counters[e].value <= slack || c.register != last.counters[e].register {
		*since = time.Time{}
		return false
	}
	if since.IsZero() {
		*since = at
	}
	return at.Sub(*since) < maxBehind
}

// isPlausible reports whether a counter can have risen by difference, in kWh.
// elapsed is negative if the clock has gone back.
func isPlausible(difference float64, elapsed time.Duration) bool {
	return difference >= 0 && elapsed <= maxCounted && difference <= maxPower*max(0, elapsed.Hours())+slack
}

// noteBatteries records that there are batteries. What the house used is unknown so
// far, if it was taken for total consumption.
func (s *energies) noteBatteries(at time.Time) {
	if !s.hasBatteries(at) {
		today := s.calendar.at(at)
		today.counted[used], today.integrated[used] = math.NaN(), math.NaN()
		s.last.at[used] = time.Time{}
	}
	s.last.batteries = at.Round(0)
}

// hasBatteries reports whether there are batteries, also if no sample contains them
// at the moment.
func (s *energies) hasBatteries(at time.Time) bool {
	return !s.last.batteries.IsZero() && at.Round(0).Sub(s.last.batteries) < maxNoBattery
}
