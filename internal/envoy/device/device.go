// Package device reads what a gateway reports about the devices behind it: how its
// CTs are set up, microinverters, IQ Batteries, AC Batteries and controllers.
//
// Each page has a Parse function that returns the types of this package, with
// values in the units that their fields give. Reports are minutes to hours old:
// the Outdated methods remove what no longer describes the present. A [Reader]
// requests the pages and does that.
package device

import "time"

// IsRecent reports whether a report is younger than limit at now, the gateway's
// time. One that is as far in the future is not, as its time is wrong.
func IsRecent(reported, now time.Time, limit time.Duration) bool {
	return now.Sub(reported).Abs() <= limit
}
