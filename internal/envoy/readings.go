package envoy

import (
	"errors"
	"fmt"
	"slices"
)

const readingsPath = "/ivp/meters/readings"

// A wireReading is a meter or one of its channels in /ivp/meters/readings,
// which every metered firmware from 4.2.33 on answers in milliseconds.
type wireReading struct {
	EID           word   `json:"eid"`
	Timestamp     number `json:"timestamp"`
	ActEnergyDlvd number `json:"actEnergyDlvd"`
	ActEnergyRcvd number `json:"actEnergyRcvd"`
	ActivePower   number `json:"activePower"`
	ApparentPower number `json:"apparentPower"`
	ReactivePower number `json:"reactivePower"`
	PwrFactor     number `json:"pwrFactor"`
	Voltage       number `json:"voltage"`
	Current       number `json:"current"`
	Freq          number `json:"freq"`
}

type wireMeterReading struct {
	wireReading
	Channels []wireReading `json:"channels"` // always three
}

// readingFields joins the words of the readings to ours, but for the energies.
var readingFields = [...]struct {
	name string
	of   func(*wireReading) *number
	to   Quantity
}{
	{"voltage", func(w *wireReading) *number { return &w.Voltage }, Voltage},
	{"current", func(w *wireReading) *number { return &w.Current }, Current},
	{"freq", func(w *wireReading) *number { return &w.Freq }, Frequency},
	{"pwrFactor", func(w *wireReading) *number { return &w.PwrFactor }, PowerFactor},
	{"apparentPower", func(w *wireReading) *number { return &w.ApparentPower }, ApparentPower},
	{"reactivePower", func(w *wireReading) *number { return &w.ReactivePower }, ReactivePower},
}

// energyWords are what energy delivered and received is of each meter.
// Delivered is toward the switchboard: imported, produced, discharged.
var energyWords = [measurements]struct{ delivered, received Quantity }{
	Production:       {Energy, EnergyReceived},
	NetConsumption:   {EnergyImport, EnergyExport},
	TotalConsumption: {Energy, EnergyReceived},
	Storage:          {EnergyDischarged, EnergyCharged},
	Backfeed:         {EnergyImport, EnergyExport},
	Load:             {EnergyImport, EnergyExport},
	EVSE:             {EnergyImport, EnergyExport},
	PV3P:             {EnergyImport, EnergyExport},
	Generator:        {EnergyImport, EnergyExport},
}

// parseReadings reads /ivp/meters/readings and returns the meters that are
// enabled by the configuration; known is what earlier readings had. Rows are
// joined by eid: their order and number differ from those of /ivp/meters, and
// since 8.3.5025 there is a row that no configuration knows (eid 1023410688).
// What only few systems have, such as the CT of a car charger, is left out where
// it is not told; the grid, production and consumption have to be.
func parseReadings(body []byte, configs []MeterConfig, known *layout) (reading, error) {
	doc, err := decodeList(readingsPath, body, func(w *wireMeterReading) bool {
		return w.EID != "" && (w.Timestamp.kind != missing || w.ActivePower.kind != missing || w.Voltage.kind != missing)
	})
	if err != nil {
		return reading{}, err
	}
	r := reading{known: known}
	for _, c := range configs {
		m, ours := c.Measurement()
		if !c.Enabled || !ours || r.meter(m) != nil {
			continue
		}
		err := error(&SkippedError{fmt.Sprintf("the reading of the %s CT is not in it", m)})
		if i := slices.IndexFunc(doc, func(w wireMeterReading) bool { return string(w.EID) == c.EID }); i >= 0 {
			err = r.addReading(m, c, &doc[i])
		}
		if _, skipped := errors.AsType[*SkippedError](err); skipped && m > TotalConsumption {
			continue
		}
		if err != nil {
			return reading{}, fmt.Errorf("%s: %w", readingsPath, err)
		}
	}
	return r, nil
}

// addReading takes one meter's row. Channels beyond its phases are noise, or
// another meter's: the third of a split-phase net CT holds a leg of the
// storage CT (8.2.4286). From 8.3.6086 on one leg of a storage CT is nothing but
// zeros for single answers, and the other is told as the whole (pyenphase#478,
// #499). Other CTs may have a phase that never was there.
func (r *reading) addReading(m Measurement, config MeterConfig, w *wireMeterReading) error {
	phases := config.Phases
	total, err := w.channel(m)
	if err != nil {
		return fmt.Errorf("%s: %w", m, err)
	}
	if w.unused() {
		return &SkippedError{fmt.Sprintf("every number of the %s CT is zero, its volts too", m)}
	}
	meter := Meter{Measurement: m, Counters: ReadingCounters, Reading: w.Timestamp.time(), Total: total}
	for i := range w.Channels[:min(phases, len(w.Channels))] {
		c, err := w.Channels[i].channel(m)
		if err != nil {
			return fmt.Errorf("%s line %d: %w (channels[%d])", m, i+1, err, i)
		}
		there := r.known.volts[m][i] || m == Storage && config.PhaseMode == "split"
		if there && phases > 1 && w.Channels[i].unused() && w.Channels[i].ActEnergyRcvd.value == 0 {
			return &SkippedError{fmt.Sprintf("every number of L%d of the %s CT is zero, its volts too", i+1, m)}
		}
		meter.Phases = append(meter.Phases, c)
	}
	if len(meter.Phases) < phases {
		return &SkippedError{fmt.Sprintf("%s has %d channels for %d phases", m, len(meter.Phases), phases)}
	}
	meter.keepRaw()
	switch len(meter.Phases) {
	case 0: // the gateway does not say how many: of a sum the volts are nothing
		meter.Total, _ = aggregate(total, nil)
	case 1: // the meter's own volts may be a sum over channels that are not used
		one := meter.Phases[0]
		for _, q := range slices.Concat([]Quantity{Power}, counters[:]) {
			if v, ok := total.Get(q); ok {
				one.Set(q, v)
			}
		}
		meter.Total, meter.Phases = one, nil
	default:
		meter.Total.Drop(Voltage)
		meter.Total.Drop(PowerFactor)
	}
	r.meters = append(r.meters, meter)
	r.at = later(r.at, meter.Reading)
	return nil
}

// channel returns w in our words. Power must be there, and everything that is
// there must be a number.
func (w *wireReading) channel(m Measurement) (Channel, error) {
	var c Channel
	if err := c.takePower("activePower", w.ActivePower, 1); err != nil {
		return c, err
	}
	for i := range readingFields {
		f := &readingFields[i]
		if err := c.take(f.to, f.name, *f.of(w), 1); err != nil {
			return c, err
		}
	}
	words := energyWords[m]
	if err := c.take(words.delivered, "actEnergyDlvd", w.ActEnergyDlvd, 1e-3); err != nil {
		return c, err
	}
	return c, c.take(words.received, "actEnergyRcvd", w.ActEnergyRcvd, 1e-3)
}

// unused reports whether a meter has measured nothing yet, as just after a start.
func (w *wireReading) unused() bool {
	return w.Voltage.kind == numeric && w.Voltage.value == 0 && w.ActivePower.value == 0 && w.Current.value == 0 && w.ActEnergyDlvd.value == 0
}

// derive adds what the gateway computes from two meters and what its readings
// leave out: total consumption where the CT is at the grid connection, net
// consumption where it is around the load.
func (r *reading) derive() {
	pv, net, total := r.meter(Production), r.meter(NetConsumption), r.meter(TotalConsumption)
	switch {
	case pv == nil:
	case net != nil && total == nil:
		r.meters = append(r.meters, combined(TotalConsumption, *net, *pv, 1))
	case net == nil && total != nil:
		r.meters = append(r.meters, combined(NetConsumption, *total, *pv, -1))
	}
}

// combined is the meter m that a and sign times b together make. Only powers
// and, of total consumption, energies add up: no CT measures the rest.
func combined(m Measurement, a, b Meter, sign float64) Meter {
	c := Meter{Measurement: m, Counters: ComputedCounters, Total: combinedChannel(m, a.Total, b.Total, sign)}
	if len(a.Phases) != len(b.Phases) {
		return c
	}
	for i := range a.Phases {
		c.Phases = append(c.Phases, combinedChannel(m, a.Phases[i], b.Phases[i], sign))
	}
	return c
}

func combinedChannel(m Measurement, a, b Channel, sign float64) Channel {
	var c Channel
	c.Set(Power, a.val[Power]+sign*b.val[Power])
	if m == TotalConsumption {
		c.computeEnergy(a, b)
	}
	return c
}

// ComputeCounters computes the energy of total consumption again, from the
// counters that s has now.
func (s *Sample) ComputeCounters() {
	total, net, pv := s.meter(TotalConsumption), s.meter(NetConsumption), s.meter(Production)
	if total == nil || total.Counters != ComputedCounters {
		return
	}
	if net == nil || pv == nil {
		net, pv = new(Meter), new(Meter)
	}
	total.Total.computeEnergy(net.Total, pv.Total)
	for i := range total.Phases {
		var n, p Channel
		if i < len(net.Phases) && i < len(pv.Phases) {
			n, p = net.Phases[i], pv.Phases[i]
		}
		total.Phases[i].computeEnergy(n, p)
	}
}

// computeEnergy sets the energy to production + import - export, as the
// gateway's own total has it, or drops it where one of the three is missing.
func (c *Channel) computeEnergy(net, pv Channel) {
	in, hasIn := net.Get(EnergyImport)
	out, hasOut := net.Get(EnergyExport)
	made, hasMade := pv.Get(Energy)
	if c.Drop(Energy); hasIn && hasOut && hasMade {
		c.Set(Energy, made+in-out)
	}
}
