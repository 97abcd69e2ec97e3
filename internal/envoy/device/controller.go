package device

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A ControllerKind is what a controller is for.
type ControllerKind string

// The controllers, in the gateway's words but for the case.
const (
	Enpower  ControllerKind = "enpower"  // the system controller, which parts house and grid
	Collar   ControllerKind = "collar"   // the same at the meter's socket
	Combiner ControllerKind = "combiner" // the controller of an IQ Combiner 6C
)

// A Controller switches between house, grid and batteries.
type Controller struct {
	Kind       ControllerKind
	Serial     string
	PartNumber string
	Firmware   string
	Reported   time.Time // by the gateway's clock

	Temperature   wire.Optional[float64] // °C
	Communicating wire.Optional[bool]
	OnGrid        wire.Optional[bool] // house and grid are connected
	GridMode      string              // such as multimode-ongrid; of a collar its grid_state
	AdminState    string              // such as ENCMN_MDE_ON_GRID
	Relay         string              // of the collar's switch, such as close
}

// controllerMaxAge is how old a controller's report may be for its state to be the
// present one: controllers report when something changes, or twice a day.
const controllerMaxAge = 24 * time.Hour

// withoutOld returns c without its state if its report is too old, or if the gateway
// does not reach it.
func (c Controller) withoutOld(now time.Time) Controller {
	reached, known := c.Communicating.Get()
	if (reached || !known) && (c.Reported.IsZero() || isRecent(c.Reported, now, controllerMaxAge)) {
		return c
	}
	c.Temperature, c.OnGrid = wire.Optional[float64]{}, wire.Optional[bool]{}
	c.GridMode, c.AdminState, c.Relay = "", "", ""
	return c
}
