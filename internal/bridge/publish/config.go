package publish

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// A Config configures what is published of one gateway.
type Config struct {
	Name       string        // of the gateway, unique; in log messages and snapshots
	DeviceName string        // in Home Assistant; empty means "Envoy <serial>"
	StaleAfter time.Duration // age at which values expire; the bridge sets 2 min in place of 0
	// TokenInfo, if not nil, returns texts about the access token, by key below
	// info.
	TokenInfo func() map[string]string
	// EstimateStorage integrates the power of batteries without a CT into
	// energies.
	EstimateStorage bool
	Counters        CounterStore     // nil means that counters are not kept over restarts
	Correction      envoy.Correction // of the samples; set by the bridge
	FailSafe        *float64         // power of the grid, W, published under live once when it is not measured any more; nil means nothing
	Profiles        []string         // formats of other programs, see [schema.Profiles]
	LimitControls   bool             // Home Assistant shows entities that limit the power
	// IsLocked, if not nil, reports whether no other process publishes under a serial
	// number. The bridge sets it.
	IsLocked func(serial string) bool
}

// An Observer receives the latest answers about devices. Its methods must be safe
// for concurrent use and return at once.
type Observer interface {
	// Inverters is called by the event loop after an answer with the latest
	// reports of all microinverters. It must not change them.
	Inverters(gateway, serial string, all []device.Inverter)
	// Batteries is called by the event loop after an answer about batteries, with
	// those that the answer contained and the latest totals. It must not change them.
	Batteries(gateway, serial string, present []device.Battery, totals device.BatteryTotals)
}
