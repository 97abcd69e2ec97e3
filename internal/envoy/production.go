package envoy

import (
	"fmt"

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

// repairTotal corrects a fault of firmware 8.3.5433, which reports net consumption
// as the total. At night, when nothing is produced, the two powers are equal
// without the fault, but the energies are not.
func (r *reading) repairTotal() {
	total, net, pv := r.meter(TotalConsumption), r.meter(NetConsumption), r.meter(Production)
	if total == nil || net == nil || pv == nil || !equalTotals(total.Total, net.Total) {
		return
	}
	total.Raw = nil
	total.Total.repair(pv.Total)
	if len(total.Phases) != len(pv.Phases) {
		total.Phases = nil
	}
	for i := range total.Phases {
		total.Phases[i].repair(pv.Phases[i])
	}
}

func equalTotals(a, b Channel) bool {
	wh, ok := a.Get(Energy)
	other, also := b.Get(Energy)
	return ok && also && wh == other && a.val[Power] == b.val[Power]
}

// repair turns net consumption into total consumption by adding production. The
// currents of two loads do not add up, so they and what follows from them are
// removed; the voltage is that of the computed net consumption.
func (c *Channel) repair(production Channel) {
	c.keep(Power, Energy)
	for _, q := range []Quantity{Power, Energy} {
		v, ok := c.Get(q)
		p, also := production.Get(q)
		if c.Drop(q); ok && also {
			c.Set(q, v+p)
		}
	}
}
