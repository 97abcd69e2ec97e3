package envoy

import (
	"fmt"
	"math"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// productionPath has the meters, and the sum of the inverters. A slow process of
// the gateway renders it.
const productionPath = "/production.json?details=1"

// parseProduction reads the body of /production.json?details=1. Phases that
// known has are phases also when all their numbers are zero.
func parseProduction(body []byte, known *layout) (reading, error) {
	var doc wireProduction
	if err := wire.Decode(productionPath, body, &doc); err != nil {
		return reading{}, err
	}
	for _, list := range []*[]wireEntry{&doc.Production, &doc.Consumption} {
		var err error
		*list, err = wire.Understood(productionPath, *list, func(e *wireEntry) bool { return e.Type+e.MeasurementType != "" })
		if err != nil {
			return reading{}, err
		}
	}
	r := reading{acBatteries: doc.ACB, empty: doc.Production == nil && doc.Consumption == nil}
	for i := range doc.Production {
		e := &doc.Production[i]
		var err error
		switch {
		case e.Type == "inverters":
			err = r.addInverters(e)
		case e.Type == "eim" && (e.MeasurementType == Production.String() || e.MeasurementType == ""):
			err = r.addMeter(Production, e, known) // 4.2.33 has no measurementType
		}
		if err != nil {
			return reading{}, err
		}
	}
	if err := r.addConsumption(doc.Consumption, known); err != nil {
		return reading{}, err
	}
	r.repairTotal()
	return r, nil
}

// addConsumption reads the list under "consumption", and sets noGrid if there is no
// net consumption in it.
func (r *reading) addConsumption(entries []wireEntry, known *layout) error {
	if entries == nil {
		r.noGrid = fmt.Errorf("the gateway reports no consumption: %s", needsCT)
		return nil
	}
	r.noGrid = fmt.Errorf("the gateway reports no net-consumption: %s", needsCT)
	for i := range entries {
		e := &entries[i]
		switch e.MeasurementType { // by name: their order varies
		case TotalConsumption.String():
			if err := r.addMeter(TotalConsumption, e, known); err != nil {
				return err
			}
		case NetConsumption.String():
			if err := r.addMeter(NetConsumption, e, known); err != nil {
				return err
			}
			r.noGrid = fmt.Errorf("the gateway's net-consumption has no active CT (activeCount 0): %s", needsCT)
		}
	}
	if r.meter(NetConsumption) != nil {
		r.noGrid = nil
	}
	return nil
}

// addMeter adds the meter of an active entry, the first of each kind.
func (r *reading) addMeter(m Measurement, e *wireEntry, known *layout) error {
	active, err := e.isActive()
	if err != nil {
		return fmt.Errorf("%s: %w", m, err)
	}
	if !active || r.meter(m) != nil {
		return nil
	}
	r.active = true
	total, err := e.channel()
	if err != nil {
		return fmt.Errorf("%s: %w", m, err)
	}
	if total.isUnmeasured() { // as just after a start
		return &SkippedError{fmt.Sprintf("voltage and power of %s are zero", m)}
	}
	lines := e.Lines[:min(len(e.Lines), 3)]
	for n := len(lines); n > known.phases[m] && lines[n-1].unused() && !known.mayHave(m, n); n-- {
		lines = lines[:n-1]
	}
	meter := Meter{Measurement: m, Register: EIMRegister, MeasuredAt: e.ReadingTime.Time(), Total: total}
	for i := range lines {
		c, err := lines[i].channel()
		if err != nil {
			return fmt.Errorf("%s line %d: %w (lines[%d])", m, i+1, err, i)
		}
		meter.Phases = append(meter.Phases, c)
	}
	r.add(meter)
	return nil
}

// addInverters adds the entry that sums up the microinverters.
func (r *reading) addInverters(e *wireEntry) error {
	active, err := e.isActive()
	if err != nil || !active {
		return err
	}
	c, err := e.channel()
	if err != nil {
		return fmt.Errorf("inverters: %w", err)
	}
	r.hasInverters, r.inverters, r.invertersAt = true, c, e.ReadingTime.Time()
	return nil
}

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
