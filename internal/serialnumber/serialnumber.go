// Package serialnumber checks serial numbers, which become part of topics, file names
// and URLs.
package serialnumber

import "regexp"

var pattern = regexp.MustCompile(`^[A-Za-z0-9]{1,32}$`)

// IsGateway reports whether s can be the serial number of a gateway: 6 to 32
// letters and digits.
func IsGateway(s string) bool { return len(s) >= 6 && IsDevice(s) }

// IsDevice reports whether s can be the serial number of a gateway or of
// something behind one, where some are shorter: 1 to 32 letters and digits.
func IsDevice(s string) bool { return pattern.MatchString(s) }
