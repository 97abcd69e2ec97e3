package bridge

import "time"

// An estimate is the energy that went into and out of batteries which no CT
// measures, summed up from their power. It exists only where a person asked
// for it: what flowed while nobody looked is not in it.
type estimate struct {
	Charged    float64 `json:"charged"`    // kWh
	Discharged float64 `json:"discharged"` // kWh

	at    time.Time // of the last power
	power float64   // W, + discharging
}

// add takes the power at a time. Between two powers it is taken to change
// evenly; over a gap longer than that nothing is made up.
func (e *estimate) add(power float64, at time.Time, longest time.Duration) {
	before, since := e.power, at.Sub(e.at)
	known := !e.at.IsZero() && since > 0 && since <= longest
	e.power, e.at = power, at
	if !known {
		return
	}
	out, in := between(before, power), between(-before, -power)
	const wattHoursInKilo = 1000
	e.Discharged += out * since.Hours() / wattHoursInKilo
	e.Charged += in * since.Hours() / wattHoursInKilo
}

// between is the mean over what is above zero of a line from a to b.
func between(a, b float64) float64 {
	switch {
	case a <= 0 && b <= 0:
		return 0
	case a >= 0 && b >= 0:
		return (a + b) / 2
	}
	top, bottom := max(a, b), min(a, b)
	return top / 2 * top / (top - bottom)
}
