package envoy

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// A pvSource is where a session takes production from.
type pvSource uint8

const (
	pvUndecided   pvSource = iota
	pvByCT                 // the production CT
	pvByAPI                // /api/v1/production
	pvByInverters          // the inverters entry of /production.json
	pvUnmeasured           // only consumption is measured
)

// meter returns the production meter whose values are the inverters' reports.
func (s pvSource) meter(total Channel) Meter {
	register := InverterRegister
	if s == pvByAPI {
		register = APIRegister
	}
	return Meter{Measurement: Production, Register: register, Total: total}
}

// A layout is what a gateway measures: which CTs, with how many phases, and where
// production comes from. It only grows while a session lasts.
type layout struct {
	pv     pvSource
	active bool // some CT has been active
	seen   [measurements]bool
	phases [measurements]int // number of lines; 0 where there were none
	legs   legs
	// configured is the number of phases by /ivp/meters; 0 where it is not known.
	configured [measurements]int
	noGrid     error
}

// mayHave reports whether the phase of a meter, from 1 on, is there, or may be as its CT
// is set up.
func (l *layout) mayHave(m Measurement, phase int) bool {
	return l.legs.seen[m][phase-1] || l.legs.mayBeLost() && phase <= l.configured[m]
}

// configure records how many phases the CTs are set up with, and the legs of a storage CT
// for split phase: from firmware 8.3.6086 on one of them is all zeros for single answers,
// and the other is reported as the whole (pyenphase#478, #499).
func (l *layout) configure(configs []device.MeterConfig) {
	l.configured = [measurements]int{}
	for _, c := range configs {
		m, ok := measurementOf(c)
		if !ok || !c.Enabled {
			continue
		}
		l.configured[m] = max(l.configured[m], c.Phases)
		if m == Storage && c.PhaseMode == "split" {
			l.legs.seen[Storage] = [3]bool{true, true}
		}
	}
}

// add extends l by the meters of r, apart from their legs.
func (l *layout) add(r *reading) {
	for _, m := range r.meters {
		l.seen[m.Measurement] = true
		l.phases[m.Measurement] = max(l.phases[m.Measurement], len(m.Phases))
	}
	l.active = l.active || r.active
	l.noGrid = r.noGrid
}

// missing returns a meter that l has and r has not, or not with all its phases.
func (l *layout) missing(r *reading) (Measurement, bool) {
	for m := range measurements {
		if !l.seen[m] || m == Production && l.pv != pvByCT {
			continue
		}
		if got := r.meter(m); got == nil || len(got.Phases) < l.phases[m] {
			return m, true
		}
	}
	return 0, false
}

// confirmations is the number of answers in a row that must agree before a change of
// the layout is accepted: firmware 8.3.5xxx loses its meters for single answers.
const confirmations = 3

// missingTimeout is how long a meter that an earlier session knew, or that is
// enabled, must be missing besides: a gateway that restarts answers without its
// meters for a while, and a meter that is given up is removed from Home Assistant.
const missingTimeout = 5 * time.Minute

// A confirmation decides when a meter that is expected is accepted as missing.
type confirmation struct {
	since        time.Time // when the session was opened
	reconfigured bool      // the gateway has reported that its CTs were set up anew, so that one may be missing
	absences     int       // answers in a row without the meter
}

// mayReappear reports, for an answer that lacks the meter, whether it is too early
// to accept that.
func (c *confirmation) mayReappear() bool {
	c.absences++
	return c.absences < confirmations || !c.reconfigured && time.Since(c.since) < missingTimeout
}

// legs are what is known of the meters and of their phases, by whatever endpoint and
// session.
type legs struct {
	seen      [measurements][3]bool // phases that are there
	counted   [measurements]bool    // meters that had counted something
	doubts    int                   // answers with a phase of zeros that was not seen before
	zeroSince time.Time             // when a meter that had counted was first read as zero; zero if none is
}

// add adds the phases of meters that have a voltage and have counted, unless they do not
// count: through a phase that never counted nothing flows.
func (l *legs) add(meters []Meter) {
	for _, m := range meters {
		l.counted[m.Measurement] = l.counted[m.Measurement] || m.Total.hasCounted()
		for i, p := range m.Phases {
			if p.hasVoltage() && (p.hasCounted() || !p.counts()) {
				l.seen[m.Measurement][i] = true
			}
		}
	}
}

// mayBeLost reports whether a phase of zeros, of which another CT has the voltage, is
// doubtful: before it was seen, a few answers must agree that nothing is there.
func (l *legs) mayBeLost() bool { return l.doubts < confirmations-1 }

// recordReset records which of meters had counted and have neither counters nor a power,
// as while a gateway starts, and returns them. If that lasts, they are new ones.
func (l *legs) recordReset(meters []Meter) (reset [measurements]bool) {
	for _, m := range meters {
		if !l.counted[m.Measurement] || !m.Total.counts() || m.Total.hasCounted() || m.Total.val[Power] != 0 {
			continue
		}
		if l.zeroSince.IsZero() {
			l.zeroSince = time.Now()
		}
		l.counted[m.Measurement] = time.Since(l.zeroSince) < missingTimeout
		reset[m.Measurement] = l.counted[m.Measurement]
	}
	if reset == [measurements]bool{} {
		l.zeroSince = time.Time{}
	}
	return reset
}

// dropLost removes from r the meters with a phase that is there and was not measured:
// what such a meter reports as the whole is that of its other phases. Where it is
// production or consumption, it returns a [*SkippedError].
func (r *reading) dropLost(known *legs) error {
	reset := known.recordReset(r.meters)
	var live [3]bool // phases of which some CT has the voltage
	for _, m := range r.meters {
		for i, p := range m.Phases {
			live[i] = live[i] || p.hasVoltage()
		}
	}
	mayBeLost, hasDoubt := known.mayBeLost(), false
	var lost error
	r.meters = slices.DeleteFunc(r.meters, func(m Meter) bool {
		isNeeded := m.Measurement <= TotalConsumption
		if reset[m.Measurement] {
			if isNeeded {
				lost = &SkippedError{fmt.Sprintf("counters and power of %s are zero", m.Measurement)}
			}
			return true
		}
		for i := range m.Phases {
			p := &m.Phases[i]
			isLost := known.seen[m.Measurement][i] && !p.hasCounted() || live[i] && p.hasCounted() || p.hasCurrent(live[i]) && m.Measurement != Backfeed
			isDoubtful := !isLost && live[i] && mayBeLost && isNeeded
			switch {
			case !p.isUnmeasured():
			case isLost, isDoubtful:
				hasDoubt = hasDoubt || isDoubtful
				if isNeeded {
					lost = &SkippedError{fmt.Sprintf("voltage and power of L%d of %s are zero", i+1, m.Measurement)}
				}
				return true
			case p.val[Current] != 0: // 8.3.1598, always
				p.Drop(Voltage)
				p.Drop(Current)
			}
		}
		return false
	})
	if hasDoubt {
		known.doubts++
	}
	return lost
}

// isUnmeasured reports whether c has neither a voltage nor a power. A phase that is off
// is so too; then it has no current, and its counters stand.
func (c Channel) isUnmeasured() bool {
	v, ok := c.Get(Voltage)
	return ok && v == 0 && c.val[Power] == 0
}

// hasVoltage reports whether c has more than the noise of a terminal that nothing is
// connected to.
func (c Channel) hasVoltage() bool { return c.val[Voltage] > 50 }

// hasCurrent reports whether c has a current, which a CT on a phase that is off has as
// noise. live is whether some CT has the voltage of the phase.
func (c Channel) hasCurrent(live bool) bool {
	const noise = 0.5 // A
	return c.val[Current] != 0 && (live || math.Abs(c.val[Current]) >= noise)
}

// counts reports whether c has counters.
func (c Channel) counts() bool {
	return slices.ContainsFunc(CounterQuantities[:], func(q Quantity) bool { return c.has[q] })
}

// hasCounted reports whether a counter of c is not zero.
func (c Channel) hasCounted() bool {
	return slices.ContainsFunc(CounterQuantities[:], func(q Quantity) bool { return c.val[q] != 0 })
}
