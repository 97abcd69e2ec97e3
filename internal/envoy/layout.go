package envoy

import (
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

// configure records how many phases the CTs are set up with.
func (l *layout) configure(configs []device.MeterConfig) {
	l.configured = [measurements]int{}
	for _, c := range configs {
		if m, ok := measurementOf(c); ok && c.Enabled {
			l.configured[m] = max(l.configured[m], c.Phases)
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
