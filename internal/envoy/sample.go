package envoy

import (
	"math"
	"slices"
	"time"
)

// A Sample is everything that a gateway measured at one moment.
type Sample struct {
	Time       time.Time     // when the answer had arrived, by our clock and the monotonic one
	Took       time.Duration // from the request for data to the whole answer; of several the sum
	MeasuredAt time.Time     // when the newest of its values was read from a CT or reported by an inverter, by the gateway's clock; zero when it reports no time
	HasCT      bool          // MeasuredAt is the time of a CT, which advances every second
	Meters     []Meter       // those that are there, at most one of each measurement
	Frozen     []Measurement // left out, as a CT repeats its reading
	NoGrid     error         // why there is no net consumption; nil when there is

	// IsGridComputed reports that no CT is at the grid connection: one is around the
	// load, and net consumption is that less the production of this gateway.
	IsGridComputed bool
}

// Meter returns the meter of measurement m, if there is one.
func (s Sample) Meter(m Measurement) (Meter, bool) {
	if r := findMeter(s.Meters, m); r != nil {
		return *r, true
	}
	return Meter{}, false
}

// meter returns the meter of measurement m for changing, or nil.
func (s *Sample) meter(m Measurement) *Meter { return findMeter(s.Meters, m) }

// A Meter has the values of one meter.
type Meter struct {
	Measurement Measurement
	Register    Register  // where its energies come from
	MeasuredAt  time.Time // the gateway's time of a CT's reading; zero for a meter that is computed
	Total       Channel   // of one phase everything, of several no voltage and no power factor, which have no sum
	Phases      []Channel // L1, L2, L3; empty where there is one phase or where the gateway reports none
	// Raw is the total, then the phases, exactly as the gateway reports them:
	// currents without a sign, voltages that are a sum. It is nil for a meter that
	// this package computes or corrects.
	Raw []Channel
	// Behind is how far counters of Total have fallen below their values, which are
	// held, in kWh; nil if none has.
	Behind map[Quantity]float64
}

// AddBehind adds that a counter is behind the value that it is held at.
func (m *Meter) AddBehind(q Quantity, kWh float64) {
	if kWh != 0 {
		if m.Behind == nil {
			m.Behind = map[Quantity]float64{}
		}
		m.Behind[q] += kWh
	}
}

// keepRaw records the meter as it was reported.
func (m *Meter) keepRaw() { m.Raw = append([]Channel{m.Total}, m.Phases...) }

// findMeter returns the meter of measurement m for changing, or nil.
func findMeter(meters []Meter, m Measurement) *Meter {
	for i := range meters {
		if meters[i].Measurement == m {
			return &meters[i]
		}
	}
	return nil
}

// A Channel has the values of one phase, or of all of them together. A value that
// was not measured is absent: a zero is a measurement.
type Channel struct {
	has [quantities]bool
	val [quantities]float64
}

// Get returns the value of q, if there is one.
func (c Channel) Get(q Quantity) (float64, bool) { return c.val[q], c.has[q] }

// Set gives q a value. Negative zero becomes zero, and a value that is not a
// finite number removes q.
func (c *Channel) Set(q Quantity, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		c.Drop(q)
		return
	}
	c.has[q], c.val[q] = true, v+0 // -0 + 0 = 0
}

// Drop removes q.
func (c *Channel) Drop(q Quantity) { c.has[q], c.val[q] = false, 0 }

// keep removes all quantities but these.
func (c *Channel) keep(qs ...Quantity) {
	for q := range quantities {
		if !slices.Contains(qs, q) {
			c.Drop(q)
		}
	}
}

// A Measurement is where a meter measures, and with which sign.
type Measurement uint8

// The measurements of a gateway. Positive is producing, importing, using and
// discharging.
const (
	Production       Measurement = iota // what the inverters produce
	NetConsumption                      // at the grid connection: + import, - export
	TotalConsumption                    // what the house consumes, battery charging included
	Storage                             // batteries: + discharging, - charging
	House                               // what the house consumes, battery charging not included
	Backfeed                            // between the solar combiner and the switchboard, of a system with a meter collar
	Load                                // the loads behind a system controller
	EVSE                                // a car charger
	PV3P                                // solar power of another maker
	Generator                           // a generator: + running
	measurements
)

// String returns the firmware's word for m, where it has one.
func (m Measurement) String() string {
	return [measurements]string{"production", "net-consumption", "total-consumption", "storage", "house", "backfeed", "load", "evse", "pv3p", "gen"}[m]
}

// A Register is the place in a gateway that energies come from. The registers of one
// meter differ by up to megawatt-hours.
type Register uint8

// The registers of a gateway; zero is none of them.
const (
	EIMRegister      Register = 1 + iota // the meters' in /production.json, whose type is eim
	ReadingRegister                      // of /ivp/meters/readings
	InverterRegister                     // the sum of the inverters in /production.json, or one inverter's own
	APIRegister                          // of /api/v1/production, which sums the inverters too
	SunSpecRegister                      // of the SunSpec model 701
	ComputedRegister                     // production + import - export, which falls while a battery exports
)

var registerWords = [...]string{"", "production.json", "readings", "inverters", "api", "sunspec", "computed"}

// OfInverters reports whether r is one of the inverters' own registers, which wrap at
// 2^32 J. A meter with these is the sum of the inverters' reports, which are 5 to 15
// minutes old, instead of a CT's measurement.
func (r Register) OfInverters() bool { return r == InverterRegister || r == APIRegister }

// String returns the word for r in files.
func (r Register) String() string { return registerWords[r] }

// MarshalText implements [encoding.TextMarshaler].
func (r Register) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. An unknown word
// is none of the registers.
func (r *Register) UnmarshalText(text []byte) error {
	*r = Register(max(0, slices.Index(registerWords[:], string(text))))
	return nil
}

// A Quantity is a physical quantity of a channel. It has one unit.
type Quantity uint8

// The quantities and their units.
const (
	Power            Quantity = iota // active, W, signed as its Measurement
	Voltage                          // RMS of one phase, V
	Current                          // RMS, A, signed as the power; of several phases the sum
	Frequency                        // Hz
	PowerFactor                      // -1 to 1, of one phase
	ApparentPower                    // VA, signed as the power
	ReactivePower                    // var
	Energy                           // lifetime, kWh; of net consumption import less export, which falls
	EnergyImport                     // lifetime from the grid, kWh
	EnergyExport                     // lifetime to the grid, kWh
	EnergyCharged                    // lifetime into the batteries, kWh
	EnergyDischarged                 // lifetime out of the batteries, kWh
	EnergyReceived                   // lifetime against the meter's direction, kWh: what inverters consume at night
	quantities
)

// NumQuantities is the number of quantities, which are 0 to NumQuantities-1.
const NumQuantities = quantities

// quantityNames do not change: topics and saved files have them.
var quantityNames = [quantities]string{
	Power:            "power",
	Voltage:          "voltage",
	Current:          "current",
	Frequency:        "frequency",
	PowerFactor:      "power_factor",
	ApparentPower:    "apparent_power",
	ReactivePower:    "reactive_power",
	Energy:           "energy",
	EnergyImport:     "energy_import",
	EnergyExport:     "energy_export",
	EnergyCharged:    "energy_charged",
	EnergyDischarged: "energy_discharged",
	EnergyReceived:   "energy_received",
}

// String returns the name of q in topics and in files.
func (q Quantity) String() string { return quantityNames[q] }

// CounterQuantities are the quantities that count.
var CounterQuantities = [...]Quantity{Energy, EnergyImport, EnergyExport, EnergyCharged, EnergyDischarged, EnergyReceived}

// IsCounter reports whether q counts: it only rises.
func (q Quantity) IsCounter() bool { return slices.Contains(CounterQuantities[:], q) }

// summedQuantities are those whose value of several phases is the sum of theirs.
var summedQuantities = slices.Concat([]Quantity{Power, Current, ApparentPower, ReactivePower}, CounterQuantities[:])

// A Source is where a client takes its samples from.
type Source uint8

// The sources. /production.json is rendered by a slow process of the gateway
// (0.3 to 30 s) and every gateway has it; the meters' readings come in some
// 50 ms, need a CT, and alone distinguish import and export.
const (
	FromProduction Source = iota // /production.json alone
	AutoSource                   // the readings where a consumption CT is enabled and /production.json agrees with them
	FromMeters                   // /ivp/meters/readings alone
	FromLivedata                 // /ivp/livedata/status, which the gateway refreshes only on request
	FromSunSpec                  // Modbus TCP, where Enphase has enabled it: production alone
)

// String returns the source's name in a configuration.
func (s Source) String() string {
	return [...]string{"production", "auto", "meters", "livedata", "sunspec"}[s]
}
