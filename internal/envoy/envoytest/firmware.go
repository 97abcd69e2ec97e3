package envoytest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// What a gateway is when nobody says otherwise.
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

func (g *Gateway) firmware() string {
	if g.Firmware == "" && g.Capture != "" {
		return g.capturedFirmware()
	}
	return cmp.Or(g.Firmware, defaultFirmware)
}

func (g *Gateway) version() version { return parseVersion(g.firmware()) }

func (g *Gateway) serial() string { return cmp.Or(g.Serial, defaultSerial) }

// partNumber is a part number that is sold with the hardware in question.
func (g *Gateway) partNumber() string {
	switch {
	case g.PartNumber != "":
		return g.PartNumber
	case !g.version().atLeast(4):
		return "800-00069-r05"
	case g.Standard && g.Split:
		return "800-00551-r02"
	case g.Standard:
		return "800-00553-r02"
	case g.Split:
		return "800-00555-r03"
	case g.lines() > 1:
		return "800-00649-r01"
	}
	return "800-00654-r08"
}

// lines is the number of conductors that the house is connected to.
func (g *Gateway) lines() int {
	if g.Split {
		return 2
	}
	return min(max(g.Phases, 1), 3)
}

// measures says which of the two CTs are enabled.
func (g *Gateway) measures() (production, consumption bool) {
	if g.Standard {
		return false, false
	}
	return g.CTs == BothCTs || g.CTs == ProductionCT, g.CTs == BothCTs || g.CTs == ConsumptionCT
}
