package device

import (
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A Battery is one IQ Battery (Encharge).
type Battery struct {
	Serial     string
	PartNumber string
	Firmware   string
	Reported   time.Time // by the gateway's clock
	State      string    // charging, discharging or idle; empty if unknown

	SoC            wire.Optional[float64] // state of charge, %
	Power          wire.Optional[float64] // W, + discharging
	ApparentPower  wire.Optional[float64] // VA, signed as the power
	Temperature    wire.Optional[float64] // °C
	MaxTemperature wire.Optional[float64] // of the hottest cell, °C
	Capacity       wire.Optional[float64] // kWh
	Communicating  wire.Optional[bool]
	SwitchOff      wire.Optional[bool] // its DC switch is off

	never bool // it has not reported since the gateway started
}

// batteryMaxAge is how old a battery's last report may be for its values to be
// current.
const batteryMaxAge = time.Hour

// isCurrent reports whether the battery's values are its present state.
func (b Battery) isCurrent(now time.Time) bool {
	reached, known := b.Communicating.Get()
	return (reached || !known) && !b.never && (b.Reported.IsZero() || isRecent(b.Reported, now, batteryMaxAge))
}

// withPower returns b with the values of p. The power and state of charge of a
// battery that the gateway does not reach are left out, as they are old.
func (b Battery) withPower(p BatteryPower, now time.Time) Battery {
	b.SoC = p.SoC.Or(b.SoC)
	b.Power, b.ApparentPower = p.Power, p.ApparentPower
	if !b.isCurrent(now) {
		var none wire.Optional[float64]
		b.SoC, b.Power, b.ApparentPower, b.Temperature, b.MaxTemperature, b.State = none, none, none, none, none, ""
	}
	return b
}

// JoinBatteries joins the batteries of the inventory and their present powers at
// now, the gateway's time.
func JoinBatteries(inventory []Battery, powers []BatteryPower, now time.Time) []Battery {
	var all []Battery
	for _, b := range inventory {
		var p BatteryPower
		if i := slices.IndexFunc(powers, func(p BatteryPower) bool { return p.Serial == b.Serial }); i >= 0 {
			p = powers[i]
		}
		all = append(all, b.withPower(p, now))
	}
	return all
}
