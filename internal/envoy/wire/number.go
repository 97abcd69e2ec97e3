package wire

import (
	"math"
	"strconv"
	"time"
)

// A Number is a JSON number. That it is missing and that it is something else
// are two different things, which a plain float64 does not hold.
type Number struct {
	Value float64 // 0 unless Kind is Numeric
	Kind  NumberKind
}

// A NumberKind is what is in the place of a number.
type NumberKind uint8

// The kinds of a number.
const (
	Absent NumberKind = iota
	Null
	Numeric
	Malformed // a string, a boolean, too large
)

// maxNumber is more than anything that a gateway counts, and sums of less stay finite.
const maxNumber = 1e15

// UnmarshalJSON never fails: the caller reports what is wrong, with its place.
func (n *Number) UnmarshalJSON(b []byte) error {
	*n = Number{Kind: Malformed}
	if string(b) == "null" {
		n.Kind = Null
	} else if v, err := strconv.ParseFloat(string(b), 64); err == nil {
		*n = NewNumber(v)
	}
	return nil
}

// NewNumber returns the number v, malformed if it is too large.
func NewNumber(v float64) Number {
	if math.Abs(v) < maxNumber {
		return Number{Value: v, Kind: Numeric}
	}
	return Number{Kind: Malformed}
}

// Times returns n times unit, if it is a number.
func (n Number) Times(unit float64) Optional[float64] {
	if n.Kind != Numeric {
		return Optional[float64]{}
	}
	return Some(n.Value*unit + 0) // -0 + 0 = 0
}

// MaxPower is more than the CTs of any gateway can measure, in W, and less than
// the 2^31 mW that a counter of the firmware's which ran over may become.
const MaxPower = 2e6

// Watts is Times for a power, without one that nothing can have measured.
func (n Number) Watts(unit float64) Optional[float64] {
	return n.Within(unit, -MaxPower, MaxPower)
}

// Within is Times for a quantity that is from low to high: another number has run over, or
// stands for none.
func (n Number) Within(unit, low, high float64) Optional[float64] {
	if v := n.Value * unit; v < low || v > high {
		return Optional[float64]{}
	}
	return n.Times(unit)
}

// Percent returns n if it is a number from 0 to 100.
func (n Number) Percent() Optional[float64] { return n.Within(1, 0, 100) }

// Time returns n, in seconds since 1970, as a time; zero if it cannot be one.
func (n Number) Time() time.Time {
	if n.Kind != Numeric || n.Value <= 0 || n.Value > 1e11 {
		return time.Time{}
	}
	return time.Unix(int64(n.Value), 0).UTC()
}
