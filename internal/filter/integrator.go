package filter

import "time"

// An Integrator estimates the energies of batteries that no CT measures, by
// integrating their power. What flows while the program does not run is missing
// from them, so the estimate is made only if the configuration asks for it.
type Integrator struct {
	Charged    float64 `json:"charged"`    // kWh
	Discharged float64 `json:"discharged"` // kWh

	at    time.Time // of the last power
	power float64   // W, + discharging
}

// Add adds the power at a time, in W, positive is discharging. The power is
// assumed to change linearly since the last one. Nothing is added for a gap that
// is longer than maxGap.
func (i *Integrator) Add(power float64, at time.Time, maxGap time.Duration) {
	previous, elapsed := i.power, at.Sub(i.at)
	isKnown := !i.at.IsZero() && elapsed > 0 && elapsed <= maxGap
	i.power, i.at = power, at
	if !isKnown {
		return
	}
	const wattsPerKilowatt = 1000
	i.Discharged += positiveMean(previous, power) * elapsed.Hours() / wattsPerKilowatt
	i.Charged += positiveMean(-previous, -power) * elapsed.Hours() / wattsPerKilowatt
}

// positiveMean returns the mean of the part above zero of a line from a to b.
func positiveMean(a, b float64) float64 {
	switch {
	case a <= 0 && b <= 0:
		return 0
	case a >= 0 && b >= 0:
		return (a + b) / 2
	}
	highest, lowest := max(a, b), min(a, b)
	return highest / 2 * highest / (highest - lowest)
}
