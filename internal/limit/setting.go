package limit

import (
	"fmt"
	"math"
	"strconv"
)

// A Lever is one of the settings of a gateway that limit its power.
type Lever int

// The levers of a gateway. They are independent of each other.
const (
	Power  Lever = iota // the power limit
	Switch              // the switch of all inverters
	levers
)

// String returns the name of the lever in the journal.
func (l Lever) String() string { return [levers]string{"limit", "production_off"}[l] }

// words returns a setting of the lever for texts.
func (l Lever) words(s Setting) string {
	if l == Switch && !s.Off {
		return "production on"
	}
	return s.String()
}

// A Setting is the state of one lever. The zero value does not limit the power.
type Setting struct {
	Active bool    `json:"active,omitzero"` // of [Power]
	Export bool    `json:"export,omitzero"` // limits the export, not the production
	Watts  float64 `json:"watts,omitzero"`  // of an active limit
	Off    bool    `json:"off,omitzero"`    // of [Switch]: production is off
}

// sameWatts is how far a limit that is read back may differ from the one written.
const sameWatts = 1

// Same reports whether s and other have the same effect.
func (s Setting) Same(other Setting) bool {
	if s.Off != other.Off || s.Active != other.Active {
		return false
	}
	return !s.Active || s.Export == other.Export && math.Abs(s.Watts-other.Watts) < sameWatts
}

// loosens reports whether s allows power that before does not. An export limit in
// place of a production limit does: the house uses more.
func (s Setting) loosens(before Setting) bool {
	switch {
	case before.Off:
		return !s.Off
	case !before.Active:
		return false
	}
	return !s.Active || s.Export && !before.Export || s.Watts > before.Watts+sameWatts
}

// String returns the setting for texts.
func (s Setting) String() string {
	switch {
	case s.Off:
		return "production off"
	case !s.Active:
		return "no limit"
	case s.Export:
		return fmt.Sprintf("export limited to %s W", watts(s.Watts))
	}
	return fmt.Sprintf("production limited to %s W", watts(s.Watts))
}

// A Reading is a setting that was read.
type Reading struct {
	Setting
	Dynamic  bool   // another program moves the limit all the time
	Firmware string // of the gateway, empty if unknown
}

func watts(w float64) string { return strconv.FormatFloat(math.Round(w)+0, 'f', -1, 64) }
