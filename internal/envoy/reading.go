package envoy

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A reading is what one answer with meters contains, before it is compared with
// what the session has seen.
type reading struct {
	meters []Meter       // the active ones
	active bool          // some CT is, also where its meter is left out
	at     time.Time     // the newest time of the meters; zero if there is none
	readAt time.Time     // when the answer had arrived, our clock; of the meters' readings alone
	noGrid error         // why there is no net consumption; nil when there is
	empty  bool          // nothing of what gateways report is in it, as where one answers an error with the status 200
	frozen []Measurement // left out, as a CT repeats its reading

	hasInverters bool      // some inverter has reported
	inverters    Channel   // the sum of the inverters' last reports, 5 to 15 minutes old
	invertersAt  time.Time // of the newest report; zero if there is none

	hasBattery  bool              // some number of a battery is not zero; of live data alone
	acBatteries []device.ACBEntry // of /production.json alone
}

// meter returns the meter of measurement m for changing, or nil.
func (r *reading) meter(m Measurement) *Meter { return findMeter(r.meters, m) }

// time returns the gateway's time of r; zero when it reports none.
func (r *reading) time() time.Time { return cmp.Or(r.at, r.invertersAt) }

// add adds a meter of a CT with the values as they were reported.
func (r *reading) add(m Meter) {
	m.keepRaw()
	m.Total.dropFalseFactor()
	for i := range m.Phases {
		m.Phases[i].dropFalseFactor()
	}
	m.Total, m.Phases = aggregate(m.Total, m.Phases)
	r.meters = append(r.meters, m)
	r.at = clock.Later(r.at, m.MeasuredAt)
}

const needsCT = "a consumption CT (current transformer) at the grid connection, enabled on the gateway, is needed"

// aggregate joins a meter's own numbers and its phases'. A single phase is the meter
// itself, with the power and the energies of the whole: the meter's own volts may be a
// sum over channels that are not used. Where the phase is on another channel, the meter's
// own numbers are all there is. Of several, the voltage and the power factor are sums
// (695 V, 1.93) and are dropped.
func aggregate(total Channel, phases []Channel) (Channel, []Channel) {
	if len(phases) == 1 && phases[0].isUnmeasured() {
		phases = nil
	}
	if len(phases) == 1 {
		one := phases[0]
		for _, q := range slices.Concat([]Quantity{Power}, CounterQuantities[:]) {
			if v, ok := total.Get(q); ok {
				one.Set(q, v)
			}
		}
		return one, nil
	}
	if len(phases) > 1 || !onePhase(total) {
		total.dropUnsummed()
	}
	return total, phases
}

// onePhase reports whether the numbers of a meter without phases are those of
// one phase: then volts times amperes are the volt-amperes, where two or three
// were added up they are twice or three times that. Without a current, 240 V may
// be either.
func onePhase(c Channel) bool {
	v, _ := c.Get(Voltage)
	pf, _ := c.Get(PowerFactor)
	if v > 280 || math.Abs(pf) > 1 {
		return false
	}
	a, _ := c.Get(Current)
	va, _ := c.Get(ApparentPower)
	return v*math.Abs(a) < 1.4*math.Abs(va)
}

// dropUnsummed removes from a total of several phases what has no sum. The frequency
// is that of all phases.
func (c *Channel) dropUnsummed() {
	c.keep(slices.Concat(summedQuantities, []Quantity{Frequency})...)
}

// dropFalseFactor removes a power factor that contradicts power and apparent power:
// /production.json reports -1 while a CT exports, whatever it is.
func (c *Channel) dropFalseFactor() {
	va := math.Abs(c.val[ApparentPower])
	if gap := math.Abs(c.val[Power]) - math.Abs(c.val[PowerFactor])*va; c.has[ApparentPower] && math.Abs(gap) > 5+0.1*va {
		c.Drop(PowerFactor)
	}
}

// measurable reports whether a CT can measure w, in W.
func measurable(w float64) bool { return math.Abs(w) <= wire.MaxPower }

// isPossible reports whether v can have been measured as q, also as the sum of three
// phases. A row without a voltage has a frequency of 0.
func (q Quantity) isPossible(v float64) bool {
	switch q {
	case Voltage:
		return v >= 0 && v <= 2000
	case Frequency:
		return v > 0 && v <= 1000
	case Current:
		return math.Abs(v) <= 1e5
	case PowerFactor:
		return math.Abs(v) <= 3.5
	case ApparentPower, ReactivePower:
		return measurable(v)
	}
	return true
}

// A field is a number of a page, and the quantity that it is.
type field struct {
	name   string
	number wire.Number
	to     Quantity
	unit   float64 // of the number, in units of the quantity
}

// newChannel returns the values of fields. The power must be there; any other
// field may be missing, but must be a number if it is there, and is left out if that
// cannot have been measured. A high power that equals a counter is none: gateways that
// restart have reported that (home-assistant/core#166183).
func newChannel(power field, others ...field) (Channel, error) {
	const high = 1e5 // W
	var c Channel
	if err := c.setPower(power.name, power.number, power.unit); err != nil {
		return c, err
	}
	for _, f := range others {
		if f.to.IsCounter() && f.number == power.number && math.Abs(c.val[Power]) > high {
			return c, fmt.Errorf("%s is %.0f W as %s, %w", power.name, c.val[Power], f.name, errImplausible)
		}
		switch f.number.Kind {
		case wire.Malformed:
			return c, fmt.Errorf("%s %w", f.name, errNotNumber)
		case wire.Numeric:
			if v := f.number.Value * f.unit; f.to.isPossible(v) {
				c.Set(f.to, v)
			}
		}
	}
	return c, nil
}

// setPower sets the power to n, which must be there and can be one.
func (c *Channel) setPower(name string, n wire.Number, unit float64) error {
	switch w := n.Value * unit; {
	case n.Kind == wire.Absent:
		return fmt.Errorf("%s %w", name, errMissing)
	case n.Kind != wire.Numeric:
		return fmt.Errorf("%s %w", name, errNotNumber)
	case !measurable(w):
		return fmt.Errorf("%s is %.0f W, %w", name, w, errImplausible)
	default:
		c.Set(Power, w)
		return nil
	}
}

// What is wrong with a value. What varies from one answer to the next is added by
// the errors that wrap these, so that they are the same problem.
var (
	errMissing     = errors.New("is missing")
	errNotNumber   = errors.New("is not a number")
	errImplausible = errors.New("which no CT can measure")
)
