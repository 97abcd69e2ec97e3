package envoy

import (
	"errors"
	"fmt"
	"math"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A Channel has the values of one phase, or of all of them together. A value that
// was not measured is absent: a zero is a measurement.
type Channel struct {
	has uint16 // a bit for each quantity
	val [quantities]float64
}

const _ = uint(16 - quantities) // has must have a bit for each quantity

// Get returns the value of q, if there is one.
func (c Channel) Get(q Quantity) (float64, bool) { return c.val[q], c.has&(1<<q) != 0 }

// Set gives q a value. Negative zero becomes zero, and a value that is not a
// finite number removes q.
func (c *Channel) Set(q Quantity, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		c.Drop(q)
		return
	}
	c.has |= 1 << q
	c.val[q] = v + 0 // -0 + 0 = 0
}

// Drop removes q.
func (c *Channel) Drop(q Quantity) {
	c.has &^= 1 << q
	c.val[q] = 0
}

// signCurrent gives the current the sign of the power.
func (c *Channel) signCurrent() {
	if a, ok := c.Get(Current); ok {
		c.Set(Current, math.Copysign(a, c.val[Power]))
	}
}

// MaxPower is more than the CTs of any gateway can measure, in W, and less than
// the 2^31 mW that a counter of the firmware's which ran over may become.
const MaxPower = 2e6

// measurable reports whether a CT can measure w, in W.
func measurable(w float64) bool { return math.Abs(w) <= MaxPower }

// A field is a number of a page, and the quantity that it is.
type field struct {
	name   string
	number wire.Number
	to     Quantity
	unit   float64 // of the number, in units of the quantity
}

// newChannel returns the values of fields. The power must be there; any other
// field may be missing, but must be a number if it is there.
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
			c.Set(f.to, f.number.Value*f.unit)
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
