package envoy

import (
	"context"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// Auto as a [Client.Host] has the gateway found by multicast DNS. What was
// announced only proposes an address: the gateway is the one whose /info has
// the serial number that is looked for. Once one has answered it is the one.
const Auto = locate.Auto

// An Info is what a gateway reports of itself to anyone, at /info. It changes
// when firmware is pushed or the gateway is replaced.
type Info = locate.Info

// A Discovered is a gateway as announced by multicast DNS. Anybody on the
// network can announce one: only /info shows which gateway it is.
type Discovered = locate.Discovered

// Errors of finding a gateway.
var (
	// ErrNotFound reports that no gateway was found.
	ErrNotFound = locate.ErrNotFound
	// ErrSeveral reports that several gateways were found and none was chosen.
	ErrSeveral = locate.ErrSeveral
	// ErrReplaced reports that only other gateways than the chosen one were found.
	ErrReplaced = locate.ErrReplaced
	// ErrNotGateway reports that something other than a gateway answers.
	ErrNotGateway = locate.ErrNotGateway
)

// Discover returns the gateways that announce themselves on the local network,
// ordered by serial number. It takes two seconds or a little more.
func Discover(ctx context.Context) ([]Discovered, error) { return locate.Discover(ctx) }

// ValidSerial reports whether s may be the serial number of a gateway.
func ValidSerial(s string) bool { return locate.ValidSerial(s) }

// Optional is a value that a device may leave out.
type Optional[T any] = wire.Optional[T]

// Some returns v as present.
func Some[T any](v T) Optional[T] { return wire.Some(v) }

// The devices behind a gateway, see package device.
type (
	// An Inverter is a microinverter.
	Inverter = device.Inverter
	// An InverterReport is an answer about microinverters.
	InverterReport = device.InverterReport
	// An Ensemble is the batteries and controllers behind a gateway.
	Ensemble = device.Ensemble
	// A Battery is an IQ Battery.
	Battery = device.Battery
	// A BatteryPower is the power of an IQ Battery.
	BatteryPower = device.BatteryPower
	// BatteryTotals are the values of all batteries together.
	BatteryTotals = device.BatteryTotals
	// ACBatteries are the values of all AC Batteries together.
	ACBatteries = device.ACBatteries
	// A Controller is a device that connects a house, its grid and its batteries.
	Controller = device.Controller
	// A ControllerKind is what a controller is.
	ControllerKind = device.ControllerKind
)

// The controllers, in the gateway's words but for the case.
const (
	Enpower  = device.Enpower
	Collar   = device.Collar
	Combiner = device.Combiner
)
