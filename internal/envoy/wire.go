package envoy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// A number is a JSON number of the firmware's. That it is missing and that it
// is something else are two different things, which a plain float64 forgets.
type number struct {
	value float64
	kind  numberKind
}

type numberKind uint8

const (
	missing numberKind = iota // not there, or null where a value may be missing
	null
	numeric
	malformed // a string, a boolean, too large …
)

// absurd is more than anything that a gateway counts, and sums of less stay finite.
const absurd = 1e15

// UnmarshalJSON never fails: what is wrong is told with its place later.
func (n *number) UnmarshalJSON(b []byte) error {
	*n = number{kind: malformed}
	if string(b) == "null" {
		n.kind = null
	} else if v, err := strconv.ParseFloat(string(b), 64); err == nil && math.Abs(v) < absurd {
		*n = number{value: v, kind: numeric}
	}
	return nil
}

// A wireChannel is an entry's or a line's measured part. All firmware from
// 4.2.33 on uses these names; the oldest leaves out some.
type wireChannel struct {
	WNow       number `json:"wNow"`
	WhLifetime number `json:"whLifetime"`
	RMSCurrent number `json:"rmsCurrent"`
	RMSVoltage number `json:"rmsVoltage"`
	ReactPwr   number `json:"reactPwr"`
	ApprntPwr  number `json:"apprntPwr"`
	PwrFactor  number `json:"pwrFactor"`
}

// A wireEntry is one meter, or the inverters, in /production.json.
type wireEntry struct {
	Type            string `json:"type"`
	MeasurementType string `json:"measurementType"`
	ActiveCount     number `json:"activeCount"`
	ReadingTime     number `json:"readingTime"`
	wireChannel
	Lines []wireChannel `json:"lines"`
}

// A wireProduction is /production.json?details=1. The types that some firmware
// adds (rgms, pmus) are not read.
type wireProduction struct {
	Production  []wireEntry   `json:"production"`
	Consumption []wireEntry   `json:"consumption"` // nil when it is missing or no list
	Storage     []wireStorage `json:"storage"`
}

// What is wrong with an answer. What varies from one answer to the next is added
// by the errors that wrap these, so that they are the same problem.
var (
	errMissing     = errors.New("is missing")
	errNotNumber   = errors.New("is not a number")
	errImplausible = errors.New("which no CT can measure")
	errOpening     = errors.New("the answer begins with")
	errBadSerial   = errors.New("cannot be a serial number (6 to 32 letters and digits)")
)

// decode reads JSON into v. That something has another type than expected is
// no error here: it is left as missing, and who needs it says where. All else
// that is no JSON is an error, web pages by name.
func decode(path string, body []byte, v any) error {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '<' {
		return &htmlError{path}
	}
	err := json.Unmarshal(body, v)
	if _, other := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !other {
		return &formatError{fmt.Errorf("%s: the answer is not JSON, or only a part of it: %w", path, err)}
	}
	return nil
}

// An htmlError is an answer that is a web page although its status is 200:
// firmware 3.x answers so for what it does not know.
type htmlError struct{ path string }

func (e *htmlError) Error() string { return e.path + ": the gateway answered a web page, not JSON" }

// quantityFields joins the firmware's words to ours.
var quantityFields = [...]struct {
	name string
	of   func(*wireChannel) *number
	to   Quantity
	unit float64
}{
	{"rmsVoltage", func(w *wireChannel) *number { return &w.RMSVoltage }, Voltage, 1},
	{"rmsCurrent", func(w *wireChannel) *number { return &w.RMSCurrent }, Current, 1},
	{"pwrFactor", func(w *wireChannel) *number { return &w.PwrFactor }, PowerFactor, 1},
	{"apprntPwr", func(w *wireChannel) *number { return &w.ApprntPwr }, ApparentPower, 1},
	{"reactPwr", func(w *wireChannel) *number { return &w.ReactPwr }, ReactivePower, 1},
	{"whLifetime", func(w *wireChannel) *number { return &w.WhLifetime }, Energy, 1e-3},
}

// channel returns w in our words. The power must be there; any other value may
// be missing but, when it is there, must be a number.
func (w *wireChannel) channel() (Channel, error) {
	var c Channel
	if err := c.takePower("wNow", w.WNow, 1); err != nil {
		return c, err
	}
	for i := range quantityFields {
		f := &quantityFields[i]
		if err := c.take(f.to, f.name, *f.of(w), f.unit); err != nil {
			return c, err
		}
	}
	return c, nil
}

// mighty is more than the CTs of any gateway can measure, in W, and less than
// the 2^31 mW that a counter of the firmware's which ran over may become.
const mighty = 2e6

// measurable reports whether a CT can measure w, in W.
func measurable(w float64) bool { return math.Abs(w) <= mighty }

// takePower sets the power to n, which must be there and can be one.
func (c *Channel) takePower(name string, n number, unit float64) error {
	switch w := n.value * unit; {
	case n.kind == missing:
		return fmt.Errorf("%s %w", name, errMissing)
	case n.kind != numeric:
		return fmt.Errorf("%s %w", name, errNotNumber)
	case !measurable(w):
		return fmt.Errorf("%s is %.0f W, %w", name, w, errImplausible)
	default:
		c.Set(Power, w)
		return nil
	}
}

// take sets q to n, if that is there.
func (c *Channel) take(q Quantity, name string, n number, unit float64) error {
	switch n.kind {
	case malformed:
		return fmt.Errorf("%s %w", name, errNotNumber)
	case numeric:
		c.Set(q, n.value*unit)
	}
	return nil
}

// unused reports whether every number of a line is zero: since 8.3.1598 there
// are always three lines, and those without a CT are so.
func (w *wireChannel) unused() bool {
	for _, f := range quantityFields {
		if n := f.of(w); n.kind == malformed || n.value != 0 {
			return false
		}
	}
	return w.WNow.kind == numeric && w.WNow.value == 0
}

// active reports whether e's meter has a CT that is enabled. Without one the
// numbers are noise, up to thousands of watts. Old samples have no
// activeCount and are believed.
func (e *wireEntry) active() (bool, error) {
	switch e.ActiveCount.kind {
	case malformed:
		return false, fmt.Errorf("activeCount %w", errNotNumber)
	case numeric:
		return e.ActiveCount.value > 0, nil
	}
	return true, nil
}
