package web

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// A History returns what was measured in the past. Its methods are called
// concurrently, and return zero values for a serial number that they do not know.
type History interface {
	// Power returns the series of [from, to) in at most points steps.
	Power(serial string, from, to time.Time, points int) history.Plot
	// Days returns the energies of the days from from to to, in order. Days without
	// data are left out; today counts until now.
	Days(serial string, from, to history.Date) []history.Day
	// Inverters returns the reports of the inverters of a day.
	Inverters(serial string, day history.Date) history.InverterDay
	// Peak returns the highest power of the last 31 days in W, 0 if it is unknown.
	Peak(serial string) float64
	// DiskSize returns the size of the files in bytes.
	DiskSize() int64
}
