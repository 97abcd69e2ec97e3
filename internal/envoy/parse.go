package envoy

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// A reading is what one /production.json says, before it is held against what
// the session knows.
type reading struct {
	known     *layout
	meters    []Meter // the active ones
	active    bool    // some CT is, also where its meter is left out
	at        time.Time
	inverters Channel // the sum of the inverters' last reports, 5 to 15 minutes old
	counted   bool    // some inverter has reported
	reported  time.Time
	stored    bool  // some number of a battery is not zero; told by live data alone
	noGrid    error // why there is no net consumption
	empty     bool  // nothing of what gateways tell is in it, as where one answers an error with the status 200
	storage   []wireStorage
	frozen    []Measurement // left out, as a CT repeats its reading
}

func (r *reading) meter(m Measurement) *Meter { return (&Sample{Meters: r.meters}).meter(m) }

const needsCT = "a consumption CT (current transformer) at the grid connection, enabled on the gateway, is needed"

// parseProduction reads the body of /production.json?details=1. Phases that
// known has are phases also when all their numbers are zero.
func parseProduction(body []byte, known *layout) (reading, error) {
	var doc wireProduction
	if err := decode(productionPath, body, &doc); err != nil {
		return reading{}, err
	}
	for _, list := range []*[]wireEntry{&doc.Production, &doc.Consumption} {
		var err error
		*list, err = onlyUnderstood(productionPath, *list, func(e *wireEntry) bool { return e.Type+e.MeasurementType != "" })
		if err != nil {
			return reading{}, err
		}
	}
	r := reading{known: known, storage: doc.Storage, empty: doc.Production == nil && doc.Consumption == nil}
	for i := range doc.Production {
		e := &doc.Production[i]
		var err error
		switch {
		case e.Type == "inverters":
			err = r.addInverters(e)
		case e.Type == "eim" && (e.MeasurementType == Production.String() || e.MeasurementType == ""):
			err = r.add(Production, e) // 4.2.33 has no measurementType
		}
		if err != nil {
			return reading{}, err
		}
	}
	if err := r.addConsumption(doc.Consumption); err != nil {
		return reading{}, err
	}
	r.repairTotal()
	return r, nil
}

// addConsumption reads the list under "consumption", and says why there is no
// net consumption in it.
func (r *reading) addConsumption(entries []wireEntry) error {
	if entries == nil {
		r.noGrid = fmt.Errorf("the gateway reports no consumption: %s", needsCT)
		return nil
	}
	r.noGrid = fmt.Errorf("the gateway reports no net-consumption: %s", needsCT)
	for i := range entries {
		e := &entries[i]
		switch e.MeasurementType { // by name: their order varies
		case TotalConsumption.String():
			if err := r.add(TotalConsumption, e); err != nil {
				return err
			}
		case NetConsumption.String():
			if err := r.add(NetConsumption, e); err != nil {
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

// add takes the meter of an active entry; the first of a kind counts.
func (r *reading) add(m Measurement, e *wireEntry) error {
	active, err := e.active()
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
	if e.RMSVoltage.kind == numeric && e.unused() {
		return &SkippedError{fmt.Sprintf("every number of %s is zero, its volts too", m)} // not measured yet, as just after a start
	}
	lines := e.Lines[:min(len(e.Lines), 3)]
	for len(lines) > r.known.phases[m] && lines[len(lines)-1].unused() {
		lines = lines[:len(lines)-1]
	}
	meter := Meter{Measurement: m, Counters: EIMCounters, Reading: e.ReadingTime.time()}
	for i := range lines {
		c, err := lines[i].channel()
		if err != nil {
			return fmt.Errorf("%s line %d: %w (lines[%d])", m, i+1, err, i)
		}
		if r.known.volts[m][i] && lines[i].RMSVoltage.kind == numeric && lines[i].unused() {
			return &SkippedError{fmt.Sprintf("every number of L%d of %s is zero, its volts too", i+1, m)}
		}
		meter.Phases = append(meter.Phases, c)
	}
	meter.Total = total
	meter.keepRaw()
	meter.Total, meter.Phases = aggregate(total, meter.Phases)
	r.meters = append(r.meters, meter)
	r.at = later(r.at, meter.Reading)
	return nil
}

// aggregate joins an entry's own numbers and its lines'. One line is no phase
// but the meter itself. Of several, voltage and power factor are given as a
// sum (695 V, 1.93), which is nothing.
func aggregate(total Channel, phases []Channel) (Channel, []Channel) {
	switch len(phases) {
	case 0:
		if !onePhase(total) {
			total.Drop(Voltage)
			total.Drop(PowerFactor)
		}
		return total, nil
	case 1:
		one := phases[0]
		one.Set(Power, total.val[Power])
		if wh, ok := total.Get(Energy); ok {
			one.Set(Energy, wh)
		}
		return one, nil
	default:
		total.Drop(Voltage)
		total.Drop(PowerFactor)
		return total, phases
	}
}

// onePhase reports whether the numbers of an entry without lines are those of
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

// addInverters takes the entry that sums up the microinverters.
func (r *reading) addInverters(e *wireEntry) error {
	active, err := e.active()
	if err != nil || !active {
		return err
	}
	c, err := e.channel()
	if err != nil {
		return fmt.Errorf("inverters: %w", err)
	}
	r.inverters, r.counted, r.reported = c, true, e.ReadingTime.time()
	return nil
}

// repairTotal undoes what firmware 8.3.5433 does: it gives net consumption as
// the total. At night, when nothing is produced, the two powers are rightly
// equal, but the energies are not.
func (r *reading) repairTotal() {
	total, net, pv := r.meter(TotalConsumption), r.meter(NetConsumption), r.meter(Production)
	if total == nil || net == nil || pv == nil || !same(total.Total, net.Total) {
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

func same(a, b Channel) bool {
	wh, ok := a.Get(Energy)
	other, also := b.Get(Energy)
	return ok && also && wh == other && a.val[Power] == b.val[Power]
}

// repair makes net consumption total consumption by adding production. The
// currents of two loads do not add up, so they and what follows from them go;
// the voltage is that of the computed net consumption.
func (c *Channel) repair(production Channel) {
	for _, q := range []Quantity{Power, Energy} {
		v, ok := c.Get(q)
		p, also := production.Get(q)
		if c.Drop(q); ok && also {
			c.Set(q, v+p)
		}
	}
	for _, q := range []Quantity{Voltage, Current, PowerFactor, ApparentPower, ReactivePower} {
		c.Drop(q)
	}
}

func (n number) time() time.Time {
	if n.kind != numeric || n.value <= 0 || n.value > 1e11 {
		return time.Time{}
	}
	return time.Unix(int64(n.value), 0).UTC()
}

// parseV1 reads /api/v1/production, which every firmware but the very oldest
// has: the sum of the inverters, about every five minutes.
func parseV1(body []byte) (Channel, error) {
	var doc struct {
		WattsNow           number `json:"wattsNow"`
		WattHoursToday     number `json:"wattHoursToday"`
		WattHoursSevenDays number `json:"wattHoursSevenDays"`
		WattHoursLifetime  number `json:"wattHoursLifetime"`
	}
	if err := decode(v1Path, body, &doc); err != nil {
		return Channel{}, err
	}
	var c Channel
	if doc.WattsNow.kind == missing && doc.WattHoursLifetime.kind == missing {
		return c, &formatError{fmt.Errorf("%s: wattsNow and wattHoursLifetime are missing", v1Path)}
	}
	if doc.WattsNow.kind != numeric || doc.WattHoursLifetime.kind != numeric {
		return c, fmt.Errorf("%s: wattsNow or wattHoursLifetime %w", v1Path, errNotNumber)
	}
	if doc.WattHoursLifetime.value == 0 && doc.WattHoursToday.value == 0 && doc.WattHoursSevenDays.value == 0 {
		return c, errV1Zero
	}
	c.Set(Energy, doc.WattHoursLifetime.value/1e3)
	if err := c.takePower("wattsNow", doc.WattsNow, 1); err != nil {
		return c, fmt.Errorf("%s: %w", v1Path, err)
	}
	return c, nil
}

// errV1Zero is an answer of zeros: broken on metered systems (7.3.466,
// 8.3.1598), and given by firmware 3.x in its first minutes.
var errV1Zero = errors.New(v1Path + ": every counter is zero")
