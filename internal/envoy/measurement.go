package envoy

import "slices"

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

// Counters names the register that energies come from. The registers of one meter
// differ by up to megawatt-hours.
type Counters uint8

// The registers of a gateway; zero is none of them.
const (
	EIMCounters      Counters = 1 + iota // the meters' in /production.json, whose type is eim
	ReadingCounters                      // of /ivp/meters/readings
	InverterCounters                     // the sum of the inverters in /production.json, or one inverter's own
	APICounters                          // of /api/v1/production, which sums the inverters too
	SunSpecCounters                      // of the SunSpec model 701
	ComputedCounters                     // production + import - export, which falls while a battery exports
)

var counterWords = [...]string{"", "production.json", "readings", "inverters", "api", "sunspec", "computed"}

// OfInverters reports whether c are the inverters' own registers, which wrap at
// 2^32 J. A meter with these is the sum of the inverters' reports, which are 5 to 15
// minutes old, instead of a CT's measurement.
func (c Counters) OfInverters() bool { return c == InverterCounters || c == APICounters }

// String returns the word for c in files.
func (c Counters) String() string { return counterWords[c] }

// MarshalText implements [encoding.TextMarshaler].
func (c Counters) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. An unknown word
// is none of the registers.
func (c *Counters) UnmarshalText(text []byte) error {
	*c = Counters(max(0, slices.Index(counterWords[:], string(text))))
	return nil
}
