package filter

import (
	"math"
	"time"
)

const (
	// wrapAt is what an inverter's register, and the sums that contain it, lose at
	// 2^32 J, in kWh: firmware 7.3 to 8.2.127, reported up to 8.3
	// (home-assistant/core#140602). Firmware 8.2.4264 remembers the wraps and adds
	// them again (home-assistant/core#129710).
	wrapAt = float64(1<<32) / 3.6e6
	// maxReportInterval is the longest usual time between two reports of an inverter.
	maxReportInterval = 15 * time.Minute
)

// unwrap returns how many wraps must be added to r for it to continue s. It also
// reports whether that is uncertain yet: inverters report minutes late, so that a
// register may rise by more than was produced since it last rose.
func (s counterState) unwrap(r report) (wraps int32, isUncertain bool) {
	switch {
	case !r.source.OfInverters() || !s.hasRegisterOf(r):
		return 0, false
	case s.Value == 0:
		return s.Wraps, false
	}
	rise := r.value + float64(s.Wraps)*wrapAt - s.reported()
	registerError := 1e-3 * (math.Abs(math.Round(rise/wrapAt)) + 1) // each register is a whole number of Wh
	k := -math.Floor((rise + registerError) / wrapAt)
	rest := rise + k*wrapAt
	switch {
	case k == 0, math.Abs(k) > 1e6, rise < 0 && rise >= -rounding, rise > 0 && s.mayHaveWrapped(r):
		return s.Wraps, false
	case rest <= s.maxProduced(r):
		return s.Wraps + int32(k), false
	}
	return s.Wraps, rest <= r.maxPower*maxReportInterval.Hours()
}

// maxProduced is what the inverters can have produced since the counter last
// rose, in kWh.
func (s counterState) maxProduced(r report) float64 {
	since := s.Rose
	if since.IsZero() {
		since = s.At
	}
	return r.maxPower * max(0, r.at.Sub(since).Hours())
}

// mayHaveWrapped reports whether the inverters can have produced a whole wrap
// since the last report: a rise and a wrap cannot be distinguished any more.
func (s counterState) mayHaveWrapped(r report) bool {
	return r.maxPower*r.at.Sub(s.At).Hours() > wrapAt
}
