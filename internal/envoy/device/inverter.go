package device

import (
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// An Inverter is what one microinverter last reported: every 5 to 15 minutes by
// day, where the cloud has not slowed it to an hour, and not at all by night.
type Inverter struct {
	Serial   string
	Reported time.Time     // by the gateway's clock; zero when it never did
	Period   time.Duration // covered by the report; 0 if unknown

	Power       wire.Optional[float64] // AC, W, + producing
	MaxPower    wire.Optional[float64] // the most it ever reported, W
	DCVoltage   wire.Optional[float64] // of the panel, V
	DCCurrent   wire.Optional[float64] // of the panel, A
	ACVoltage   wire.Optional[float64] // V
	ACCurrent   wire.Optional[float64] // A
	Frequency   wire.Optional[float64] // Hz
	Temperature wire.Optional[float64] // °C
	Energy      wire.Optional[float64] // lifetime, kWh
	EnergyToday wire.Optional[float64] // since midnight by the gateway, kWh
	EnergyDelta wire.Optional[float64] // in Period, kWh
}

// inverterMaxAge is how old a report may be before its measurements are no longer the
// inverter's state: twice the longest pause between two reports.
const inverterMaxAge = 2 * time.Hour

// withoutOld returns i without what was measured too long ago.
func (i Inverter) withoutOld(now time.Time) Inverter {
	if isRecent(i.Reported, now, inverterMaxAge) {
		return i
	}
	for _, v := range append(i.measured(), &i.Power) {
		*v = wire.Optional[float64]{}
	}
	i.Period = 0
	return i
}

// measured are the values of the report, but for the power.
func (i *Inverter) measured() []*wire.Optional[float64] {
	return []*wire.Optional[float64]{&i.DCVoltage, &i.DCCurrent, &i.ACVoltage, &i.ACCurrent, &i.Frequency, &i.Temperature, &i.EnergyDelta}
}

// kept are the values that last.
func (i *Inverter) kept() []*wire.Optional[float64] {
	return []*wire.Optional[float64]{&i.MaxPower, &i.Energy, &i.EnergyToday}
}

// An InverterReport is what one page reports about the microinverters.
type InverterReport struct {
	Inverters []Inverter // by serial number
	Gone      []string   // serial numbers of those that were taken away
	Complete  bool       // there are no others
}

// withoutOld returns r without what was measured too long before now, the gateway's time.
func (r InverterReport) withoutOld(now time.Time) InverterReport {
	for i := range r.Inverters {
		r.Inverters[i] = r.Inverters[i].withoutOld(now)
	}
	return r
}

// add takes i, of one serial number the newest report.
func (r *InverterReport) add(i Inverter) {
	if !serialnumber.IsDevice(i.Serial) {
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

func bySerial(i Inverter, serial string) int { return strings.Compare(i.Serial, serial) }

// Join returns the values of r and details, a report of another page. Power is
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

// join returns i with the values that only j has, and with the newer power.
func (i Inverter) join(j Inverter) Inverter {
	if j.Reported.After(i.Reported) {
		i, j = j, i
	}
	if i.Period == 0 {
		i.Period = j.Period
	}
	from := append(j.measured(), j.kept()...)
	for k, v := range append(i.measured(), i.kept()...) {
		*v = v.Or(*from[k])
	}
	if i.Reported.Equal(j.Reported) {
		i.Power = i.Power.Or(j.Power)
	}
	return i
}
