package envoy

import "slices"

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

// dropUnsummed removes from a total of several phases what has no sum. The frequency
// is that of all phases.
func (c *Channel) dropUnsummed() {
	c.keep(slices.Concat(summedQuantities, []Quantity{Frequency})...)
}

// keepComputed removes from a meter that the gateway computes from two CTs what cannot
// be computed: no CT has its voltage, its frequency and what follows from them.
func (c *Channel) keepComputed() {
	c.keep(slices.Concat([]Quantity{Power, Current}, CounterQuantities[:])...)
}

// keep removes all quantities but these.
func (c *Channel) keep(qs ...Quantity) {
	for q := range quantities {
		if !slices.Contains(qs, q) {
			c.Drop(q)
		}
	}
}
