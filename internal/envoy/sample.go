package envoy

import (
	"math"
	"slices"
	"time"
)

// A Measurement is where a meter measures, and with which sign.
type Measurement uint8

// The measurements of a gateway. Positive is producing, importing, using and
// discharging.
const (
	Production       Measurement = iota // what the inverters make
	NetConsumption                      // at the grid connection: + import, - export
	TotalConsumption                    // what the house takes, battery charging included
	Storage                             // batteries: + discharging, - charging
	House                               // what the house takes, battery charging not included
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

// A Quantity is one thing that a channel may know. Its unit never varies.
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
	EnergyReceived                   // lifetime against the meter's direction, kWh: what inverters take at night
	quantities
)

// A Channel is the state of one phase, or of all of them together. What was
// not measured is not in it: a zero is a measurement.
type Channel struct {
	has uint16
	val [quantities]float64
}

// Get returns the value of q, if there is one.
func (c Channel) Get(q Quantity) (float64, bool) { return c.val[q], c.has&(1<<q) != 0 }

// Set gives q a value. Negative zero becomes zero, and what is not a finite
// number is not kept.
func (c *Channel) Set(q Quantity, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		c.Drop(q)
		return
	}
	c.has |= 1 << q
	c.val[q] = v + 0 // -0 + 0 = 0
}

// Drop removes q.
func (c *Channel) Drop(q Quantity) {
	c.has &^= 1 << q
	c.val[q] = 0
}

// Counters names where energies come from. Each has a register of its own, and
// they differ by up to megawatt-hours.
type Counters uint8

// The registers of a gateway; zero is none of them.
const (
	EIMCounters      Counters = 1 + iota // the meters' in /production.json
	ReadingCounters                      // of /ivp/meters/readings
	InverterCounters                     // the sum of the inverters in /production.json, or one inverter's own
	APICounters                          // of /api/v1/production, which sums the inverters too
	ComputedCounters                     // production + import - export, which falls while a battery exports
)

var counterWords = [...]string{"", "production.json", "readings", "inverters", "api", "computed"}

// OfInverters reports whether c is made of the inverters' own registers, which
// wrap at 2^32 J.
func (c Counters) OfInverters() bool { return c == InverterCounters || c == APICounters }

// String returns the word by which c is written down.
func (c Counters) String() string { return counterWords[c] }

// MarshalText implements [encoding.TextMarshaler].
func (c Counters) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. A word that it does not
// know is none of the registers.
func (c *Counters) UnmarshalText(text []byte) error {
	*c = Counters(max(0, slices.Index(counterWords[:], string(text))))
	return nil
}

// A Meter is what one meter read.
type Meter struct {
	Measurement Measurement
	Counters    Counters  // where its energies come from
	Reading     time.Time // the gateway's time of a CT's reading; zero for a meter that is computed
	Total       Channel   // of one phase everything, of several no voltage and no power factor, which have no sum
	Phases      []Channel // L1, L2, L3; empty where there is one phase or where the gateway tells none
	// Raw is the total, then the phases, exactly as the gateway reports them:
	// currents without a sign, voltages that are a sum. It is nil for a meter that
	// this package computes or corrects.
	Raw []Channel
}

// keepRaw records the meter as it was reported.
func (m *Meter) keepRaw() { m.Raw = append([]Channel{m.Total}, m.Phases...) }

// byInverters reports whether the meter is the sum of the inverters' reports,
// which are 5 to 15 minutes old, and not a CT's measurement.
func (m *Meter) byInverters() bool {
	return m.Counters == InverterCounters || m.Counters == APICounters
}

// signCurrent gives every current the sign of its power: /ivp/meters/readings,
// and /production.json of firmware 4 and 5, report the magnitude only. The
// current of several phases is their sum.
func (m *Meter) signCurrent() {
	_, ok := m.Total.Get(Current)
	sum := 0.0
	for i := range m.Phases {
		m.Phases[i].signCurrent()
		a, has := m.Phases[i].Get(Current)
		sum += a
		ok = ok && has
	}
	switch {
	case !ok:
		m.Total.Drop(Current)
	case len(m.Phases) > 0:
		m.Total.Set(Current, sum)
	}
	m.Total.signCurrent()
}

func (c *Channel) signCurrent() {
	if a, ok := c.Get(Current); ok {
		c.Set(Current, math.Copysign(a, c.val[Power]))
	}
}

// A Sample is everything that a gateway measured at one moment.
type Sample struct {
	Time    time.Time     // when the answer had arrived, by our clock and the monotonic one
	Took    time.Duration // from the request for data to the whole answer; of several the sum
	Reading time.Time     // the gateway's time of its newest meter or inverter report; zero when it reports none
	Metered bool          // Reading is a meter's, which advances every second
	Meters  []Meter       // those that are there, at most one of each measurement
	Frozen  []Measurement // left out, as a CT repeats its reading
	NoGrid  error         // why there is no net consumption; nil when there is
}

// Meter returns the meter of measurement m, if there is one.
func (s Sample) Meter(m Measurement) (Meter, bool) {
	for _, r := range s.Meters {
		if r.Measurement == m {
			return r, true
		}
	}
	return Meter{}, false
}

// meter returns the meter of measurement m for changing, or nil.
func (s *Sample) meter(m Measurement) *Meter {
	for i := range s.Meters {
		if s.Meters[i].Measurement == m {
			return &s.Meters[i]
		}
	}
	return nil
}

// AddHouse adds what the house takes, where that can be told: total consumption
// contains what charges the batteries, so it is production, net consumption and
// storage together, or total consumption where there are no batteries. The sum
// of the inverters' reports is too old to be added.
func (s *Sample) AddHouse(noBatteries bool) {
	pv, net, storage, total := s.meter(Production), s.meter(NetConsumption), s.meter(Storage), s.meter(TotalConsumption)
	switch {
	case s.meter(House) != nil:
	case storage != nil && pv != nil && !pv.byInverters() && net != nil:
		s.Meters = append(s.Meters, addedUp(House, *pv, *net, *storage))
	case storage == nil && noBatteries && total != nil:
		s.Meters = append(s.Meters, addedUp(House, *total))
	}
}

// addedUp is the meter m whose powers are the sums of those of parts.
func addedUp(m Measurement, parts ...Meter) Meter {
	sum := Meter{Measurement: m, Phases: make([]Channel, len(parts[0].Phases))}
	for _, p := range parts {
		sum.Total.Set(Power, sum.Total.val[Power]+p.Total.val[Power])
		if len(p.Phases) != len(sum.Phases) {
			sum.Phases = nil
		}
		for i := range sum.Phases {
			sum.Phases[i].Set(Power, sum.Phases[i].val[Power]+p.Phases[i].val[Power])
		}
	}
	return sum
}
