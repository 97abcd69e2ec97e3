package envoy

import (
	"context"
	"slices"
	"time"
)

const invertersPath = "/api/v1/production/inverters"

// An Inverter is what one microinverter last reported: every 5 to 15 minutes by
// day, where the cloud has not slowed it to an hour, and not at all by night.
type Inverter struct {
	Serial   string
	Reported time.Time     // by the gateway's clock; zero when it never did
	Period   time.Duration // that the report is about; 0 where that is not told

	Power       Told[float64] // AC, W, + producing
	MaxPower    Told[float64] // the most it ever reported, W
	DCVoltage   Told[float64] // of the panel, V
	DCCurrent   Told[float64] // of the panel, A
	ACVoltage   Told[float64] // V
	ACCurrent   Told[float64] // A
	Frequency   Told[float64] // Hz
	Temperature Told[float64] // °C
	Energy      Told[float64] // lifetime, kWh
	EnergyToday Told[float64] // since midnight by the gateway, kWh
	EnergyDelta Told[float64] // in Period, kWh
}

// asleep is how old a report may be before its measurements are no longer the
// inverter's state: twice the longest pause between two reports.
const asleep = 2 * time.Hour

// outdated returns i without what was measured too long ago.
func (i Inverter) outdated(now time.Time) Inverter {
	if isRecent(i.Reported, now, asleep) {
		return i
	}
	for _, v := range []*Told[float64]{&i.Power, &i.DCVoltage, &i.DCCurrent, &i.ACVoltage, &i.ACCurrent, &i.Frequency, &i.Temperature, &i.EnergyDelta} {
		*v = Told[float64]{}
	}
	i.Period = 0
	return i
}

// An InverterReport is what one path tells of the microinverters.
type InverterReport struct {
	Inverters []Inverter // by serial number
	Gone      []string   // serial numbers of those that were taken away
	Complete  bool       // there are no others
}

// Inverters reads the list of the microinverters with their power. Every
// firmware has it and it is complete, but it tells little.
func (s *Session) Inverters(ctx context.Context) (InverterReport, error) {
	r, err := readOptional(ctx, s, invertersPath, parseInverters)
	if err == nil {
		s.reported = time.Time{}
	}
	return s.current(r), err
}

// current returns r without what was measured too long ago.
func (s *Session) current(r InverterReport) InverterReport {
	for _, i := range r.Inverters {
		s.reported = later(s.reported, i.Reported)
	}
	s.clock.report(s.reported)
	return r.outdated(s.now())
}

// invertersAreAwake reports whether the sum of the inverters, of which r is the
// latest /production.json, is their present power. Without a clock that is known,
// its age is unknown, and the gateway's sum is used as it is.
func (s *Session) invertersAreAwake(r reading) bool {
	if !s.clock.isKnown(s.infoTime()) {
		return true
	}
	if s.layout.source == fromSum {
		return isRecent(r.reported, s.now(), asleep)
	}
	return s.reported.IsZero() || isRecent(s.reported, s.now(), asleep) // /api/v1/production has no time
}

func (r InverterReport) outdated(now time.Time) InverterReport {
	for i := range r.Inverters {
		r.Inverters[i] = r.Inverters[i].outdated(now)
	}
	return r
}

// microinverter is the devType of a microinverter; 11 is an AC Battery, 12 a
// Q-relay. Firmware 3.x tells no type and has nothing else.
const microinverter = 1

func parseInverters(body []byte) (InverterReport, error) {
	type entry struct {
		SerialNumber    word   `json:"serialNumber"`
		LastReportDate  number `json:"lastReportDate"`
		DevType         number `json:"devType"`
		LastReportWatts number `json:"lastReportWatts"`
		MaxReportWatts  number `json:"maxReportWatts"`
	}
	doc, err := decodeList(invertersPath, body, func(e *entry) bool { return e.SerialNumber != "" })
	if err != nil {
		return InverterReport{}, err
	}
	r := InverterReport{Inverters: make([]Inverter, 0, len(doc)), Complete: true}
	for _, d := range doc {
		if d.DevType.kind != missing && d.DevType.value != microinverter {
			continue
		}
		i := Inverter{Serial: string(d.SerialNumber), Reported: d.LastReportDate.time(), MaxPower: d.MaxReportWatts.told(1)}
		if !i.Reported.IsZero() {
			i.Power = d.LastReportWatts.told(1)
		}
		r.add(i)
	}
	return r, nil
}

// add takes i, of one serial number the newest report.
func (r *InverterReport) add(i Inverter) {
	if !validPart(i.Serial) {
		return
	}
	at, found := slices.BinarySearchFunc(r.Inverters, i.Serial, bySerial)
	switch {
	case !found:
		r.Inverters = slices.Insert(r.Inverters, at, i)
	case i.Reported.After(r.Inverters[at].Reported):
		r.Inverters[at] = i
	}
}

func bySerial(i Inverter, serial string) int {
	if i.Serial < serial {
		return -1
	}
	if i.Serial > serial {
		return 1
	}
	return 0
}

// Join returns what r and details, of another path, tell together. Power is
// that of the newer report.
func (r InverterReport) Join(details InverterReport) InverterReport {
	joined := InverterReport{Gone: slices.Concat(r.Gone, details.Gone), Complete: r.Complete || details.Complete}
	for _, i := range slices.Concat(r.Inverters, details.Inverters) {
		at, found := slices.BinarySearchFunc(joined.Inverters, i.Serial, bySerial)
		switch {
		case slices.Contains(joined.Gone, i.Serial):
		case found:
			joined.Inverters[at] = joined.Inverters[at].join(i)
		default:
			joined.Inverters = slices.Insert(joined.Inverters, at, i)
		}
	}
	return joined
}

// join returns i with what j tells besides, and with the newer power.
func (i Inverter) join(j Inverter) Inverter {
	if j.Reported.After(i.Reported) {
		i, j = j, i
	}
	if i.Period == 0 {
		i.Period = j.Period
	}
	for _, v := range []struct {
		to   *Told[float64]
		from Told[float64]
	}{
		{&i.MaxPower, j.MaxPower},
		{&i.DCVoltage, j.DCVoltage},
		{&i.DCCurrent, j.DCCurrent},
		{&i.ACVoltage, j.ACVoltage},
		{&i.ACCurrent, j.ACCurrent},
		{&i.Frequency, j.Frequency},
		{&i.Temperature, j.Temperature},
		{&i.Energy, j.Energy},
		{&i.EnergyToday, j.EnergyToday},
		{&i.EnergyDelta, j.EnergyDelta},
	} {
		*v.to = v.to.or(v.from)
	}
	if i.Reported.Equal(j.Reported) {
		i.Power = i.Power.or(j.Power)
	}
	return i
}
