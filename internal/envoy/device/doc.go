// Package device reads what a gateway reports about the devices behind it: how its
// CTs are set up, microinverters, IQ Batteries, AC Batteries and controllers.
//
// Each page has a Parse function that returns the types of this package, with
// values in the units that their fields give. Reports are minutes to hours old:
// a [Reader] requests the pages and removes what no longer describes the present.
package device
