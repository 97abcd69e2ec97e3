package envoytest

import (
	"slices"
	"strconv"
	"strings"
)

// The defaults of a gateway.
const (
	defaultSerial   = "122012345678"
	defaultFirmware = "D8.3.5167"
)

// A version is a firmware's number without its letter.
type version [3]int

func parseVersion(s string) version {
	var v version
	for i, p := range strings.SplitN(strings.TrimLeft(s, "DRM"), ".", len(v)) {
		v[i], _ = strconv.Atoi(p) // what is no number is zero: the oldest
	}
	return v
}

// atLeast compares with the beginning of a version: atLeast(8, 3).
func (v version) atLeast(w ...int) bool { return slices.Compare(v[:], w) >= 0 }

// tokens says whether the firmware asks for a JWT instead of a digest login.
func (v version) tokens() bool { return v.atLeast(7) }

// speaks says whether the firmware listens for a scheme: http alone below 7,
// both up to 8.3.5286, then https alone.
func (v version) speaks(scheme string) bool {
	if scheme == "https" {
		return v.tokens()
	}
	return !v.atLeast(8, 3, 5286)
}
