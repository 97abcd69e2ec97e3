package devices

import (
	"strconv"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A PowerLimitReport is what limits the power of the inverters of a gateway.
type PowerLimitReport struct {
	Limit     envoy.PowerLimit
	IsUnknown bool // the gateway has a limit that cannot be read
}

// PowerLimit is the limit as entities of the gateway's device. Without a limit,
// its power is a text that makes Home Assistant's entity unknown.
var PowerLimit = Group[PowerLimitReport]{"power limit", []field[PowerLimitReport]{
	{"limit/state", text("Power limit", "off", "active", "unknown"), stringField(PowerLimitReport.state)},
	{"limit/power", measurement("Power limit value", "power", "W", 0), func(r PowerLimitReport) string {
		if r.state() != "active" {
			return `"None"`
		}
		return string(schema.AppendNumber(nil, r.Limit.Power, 0))
	}},
	{"limit/applies_to", text("Power limit applies to", "none", "export", "production"), stringField(func(r PowerLimitReport) string {
		switch {
		case r.state() != "active":
			return "none"
		case r.Limit.Export:
			return "export"
		}
		return "production"
	})},
}}

func (r PowerLimitReport) state() string {
	switch {
	case r.IsUnknown:
		return "unknown"
	case r.Limit.Active:
		return "active"
	}
	return "off"
}

// ProductionSwitch is the switch of all inverters, where the token's role may read
// it.
var ProductionSwitch = Group[bool]{"production switch", []field[bool]{
	{"limit/production_off", binary("Production switched off", "problem"), strconv.FormatBool},
}}
