package envoy

import (
	"context"
	"fmt"
	"net/http"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

const (
	powerLimitPath = "/ivp/ss/dpel"
	// productionSwitchPath has the switch of all inverters. Owners may not read it.
	productionSwitchPath = "/ivp/mod/603980032/mode/power"
)

// A PowerLimit is the limit that the gateway applies to the export or the
// production.
type PowerLimit struct {
	Active   bool
	Export   bool              // limits the export at the grid connection, otherwise the production
	Power    float64           // W; 0 unless the limit is active
	SlewRate Optional[float64] // of a change, in the gateway's unit
	Dynamic  bool              // another program moves the limit all the time
}

// A limiter reads what limits the power of the inverters.
type limiter struct{ req *requester }

// PowerLimit reads the limit. [ErrUnsupported] reports that the gateway cannot
// limit its power. Some answer 503 then.
func (l *limiter) PowerLimit(ctx context.Context) (PowerLimit, error) {
	p, err := getOptional(ctx, l.req, powerLimitPath, parsePowerLimit)
	if transport.HasStatus(err, http.StatusServiceUnavailable) {
		l.req.addRefusal(powerLimitPath)
		err = fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return l.turned(p), err
}

// turned returns a limit in the words of the gateway as what it does, and the
// reverse.
func (l *limiter) turned(p PowerLimit) PowerLimit {
	if p.Active && l.isInverted() {
		p.Export = !p.Export
	}
	return p
}

// isInverted reports whether the firmware limits the export where it says
// production, and the reverse.
func (l *limiter) isInverted() bool { return l.req.AtLeast(8, 2, 4398) && !l.req.AtLeast(8, 2, 4399) }

func parsePowerLimit(body []byte) (PowerLimit, error) {
	var doc struct {
		Settings *struct {
			Enable   wire.Bool   `json:"enable"`
			Export   wire.Bool   `json:"export_limit"`
			Power    wire.Number `json:"limit_value_W"`
			SlewRate wire.Number `json:"slew_rate"`
			Dynamic  wire.Bool   `json:"enable_dynamic_limiting"`
		} `json:"dynamic_pel_settings"`
	}
	if err := wire.DecodeObject(powerLimitPath, body, &doc); err != nil {
		return PowerLimit{}, err
	}
	if doc.Settings == nil {
		return PowerLimit{}, wire.FormatErrorf("%s: dynamic_pel_settings is missing", powerLimitPath)
	}
	s := doc.Settings
	active, ok := s.Enable.Get()
	if !ok {
		return PowerLimit{}, wire.FormatErrorf("%s: enable is missing", powerLimitPath)
	}
	p := PowerLimit{Active: active, SlewRate: s.SlewRate.Times(1)}
	if !active {
		return p, nil
	}
	if p.Export, ok = s.Export.Get(); !ok {
		return PowerLimit{}, wire.FormatErrorf("%s: export_limit is missing", powerLimitPath)
	}
	if s.Power.Kind != wire.Numeric || s.Power.Value < 0 || !measurable(s.Power.Value) {
		return PowerLimit{}, wire.FormatErrorf("%s: limit_value_W is missing or no power", powerLimitPath)
	}
	p.Power = s.Power.Value + 0 // -0 + 0 = 0
	p.Dynamic, _ = s.Dynamic.Get()
	return p, nil
}

// ProductionOff reads whether all inverters are switched off. [ErrUnsupported]
// reports that the gateway does not have the switch, or that the token's role may
// not read it.
func (l *limiter) ProductionOff(ctx context.Context) (bool, error) {
	return getOptional(ctx, l.req, productionSwitchPath, parseProductionSwitch)
}

func parseProductionSwitch(body []byte) (bool, error) {
	var doc struct {
		Off   wire.Bool `json:"powerForcedOff"`
		PVOff wire.Bool `json:"pvPowerForcedOff"` // since the switch of the batteries is another one
	}
	if err := wire.DecodeObject(productionSwitchPath, body, &doc); err != nil {
		return false, err
	}
	off, ok := doc.PVOff.Or(doc.Off.Optional).Get()
	if !ok {
		return false, wire.FormatErrorf("%s: powerForcedOff is missing", productionSwitchPath)
	}
	return off, nil
}
