package envoy

import (
	"fmt"
	"math"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A wireChannel is an entry's or a line's measured part. All firmware from
// 4.2.33 on uses these names; the oldest leaves out some.
type wireChannel struct {
	WNow       wire.Number `json:"wNow"`
	WhLifetime wire.Number `json:"whLifetime"`
	RMSCurrent wire.Number `json:"rmsCurrent"`
	RMSVoltage wire.Number `json:"rmsVoltage"`
	ReactPwr   wire.Number `json:"reactPwr"`
	ApprntPwr  wire.Number `json:"apprntPwr"`
	PwrFactor  wire.Number `json:"pwrFactor"`
}

// A wireEntry is one meter, or the inverters, in /production.json.
type wireEntry struct {
	Type            string      `json:"type"`
	MeasurementType string      `json:"measurementType"`
	ActiveCount     wire.Number `json:"activeCount"`
	ReadingTime     wire.Number `json:"readingTime"`
	wireChannel
	Lines []wireChannel `json:"lines"`
}

// A wireProduction is /production.json?details=1. The types that some firmware
// adds (rgms, pmus) are not read.
type wireProduction struct {
	Production  []wireEntry       `json:"production"`
	Consumption []wireEntry       `json:"consumption"` // nil when it is missing or no list
	ACB         []device.ACBEntry `json:"storage"`
}

// fields returns all numbers of w but the power.
func (w *wireChannel) fields() []field {
	return []field{
		{"rmsVoltage", w.RMSVoltage, Voltage, 1},
		{"rmsCurrent", w.RMSCurrent, Current, 1},
		{"pwrFactor", w.PwrFactor, PowerFactor, 1},
		{"apprntPwr", w.ApprntPwr, ApparentPower, 1},
		{"reactPwr", w.ReactPwr, ReactivePower, 1},
		{"whLifetime", w.WhLifetime, Energy, 1e-3},
	}
}

// channel returns w as a channel.
func (w *wireChannel) channel() (Channel, error) {
	return newChannel(field{"wNow", w.WNow, Power, 1}, w.fields()...)
}

// unused reports whether every number of a line is zero: since 8.3.1598 there
// are always three lines, and those without a CT are so. A terminal that nothing is
// connected to has the noise of one.
func (w *wireChannel) unused() bool {
	const noise = 5 // W
	if c, err := w.channel(); err == nil && c.val[Voltage] > 0 && !c.hasVoltage() && math.Abs(c.val[Power]) < noise {
		return true
	}
	for _, f := range w.fields() {
		if f.number.Kind == wire.Malformed || f.number.Value != 0 {
			return false
		}
	}
	return w.WNow.Kind == wire.Numeric && w.WNow.Value == 0
}

// isActive reports whether e's meter has a CT that is enabled. Without one the
// numbers are noise, up to thousands of watts. Firmware that reports no
// activeCount reports active meters only; null counts nothing.
func (e *wireEntry) isActive() (bool, error) {
	switch e.ActiveCount.Kind {
	case wire.Malformed:
		return false, fmt.Errorf("activeCount %w", errNotNumber)
	case wire.Absent:
		return true, nil
	}
	return e.ActiveCount.Value > 0, nil
}
