package envoy

import (
	"errors"
	"fmt"
	"math"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// MaxPower is more than the CTs of any gateway can measure, in W, and less than
// the 2^31 mW that a counter of the firmware's which ran over may become.
const MaxPower = 2e6

// measurable reports whether a CT can measure w, in W.
func measurable(w float64) bool { return math.Abs(w) <= MaxPower }

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
// cannot have been measured.
func newChannel(power field, others ...field) (Channel, error) {
	var c Channel
	if err := c.setPower(power.name, power.number, power.unit); err != nil {
		return c, err
	}
	for _, f := range others {
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
