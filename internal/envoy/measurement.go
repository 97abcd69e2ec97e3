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
