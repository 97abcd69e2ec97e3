package envoytest

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
)

// A locked is a Gateway whose mutex the caller holds, with what follows from its
// fields.
type locked struct{ *Gateway }

func (g locked) firmware() string {
	if g.Firmware == "" && g.Capture != "" {
		return capturedFirmware(g.Capture)
	}
	return cmp.Or(g.Firmware, defaultFirmware)
}

func (g locked) version() version { return parseVersion(g.firmware()) }

func (g locked) serial() string { return cmp.Or(g.Serial, defaultSerial) }

// partNumber is a part number that is sold with the hardware in question.
func (g locked) partNumber() string {
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
	case g.numLines() > 1:
		return "800-00649-r01"
	}
	return "800-00654-r08"
}

// numLines is the number of conductors that the house is connected to.
func (g locked) numLines() int {
	if g.Split {
		return 2
	}
	return min(max(g.Phases, 1), 3)
}

// measures says which of the two CTs are enabled.
func (g locked) measures() (production, consumption bool) {
	if g.Standard {
		return false, false
	}
	return g.CTs == BothCTs || g.CTs == ProductionCT, g.CTs == BothCTs || g.CTs == ConsumptionCT
}

// partSerial is the serial number of a device of this gateway. Two gateways
// have different devices.
func (g locked) partSerial(kind string, n int) string {
	own := crc32.ChecksumIEEE([]byte(cmp.Or(g.Replaces, g.serial()))) - crc32.ChecksumIEEE([]byte(defaultSerial))
	return fmt.Sprintf("%s%08d", kind, (uint64(own)+uint64(n))%1e8)
}

func (g locked) acbSerial(i int) string { return g.partSerial("1217", 10037*(i+1)) }

var software = regexp.MustCompile(`<software>\s*([^<\s]*)`)

// capturedFirmware is what /info of a capture says.
func capturedFirmware(dir string) string {
	b, _ := os.ReadFile(filepath.Join(dir, "info")) // without one the firmware is the default
	if m := software.FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return defaultFirmware
}
