package powerlimit

import (
	"context"
	"fmt"
	"net/http"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// LimitPath has the limit.
const LimitPath = "/ivp/ss/dpel"

// A Limit is the limit that the gateway applies to the export or the
// production.
type Limit struct {
	Active   bool
	Export   bool                   // limits the export at the grid connection, otherwise the production
	Power    float64                // W; 0 unless the limit is active
	SlewRate wire.Optional[float64] // of a change, in the gateway's unit
	Dynamic  bool                   // another program moves the limit all the time
}

// Read reads the limit. [envoy.ErrUnsupported] reports that the gateway cannot limit
// its power. Some answer 503 then.
func Read(ctx context.Context, s *envoy.Session) (Limit, error) {
	r := s.Requester()
	l, err := auth.GetOptional(ctx, r, LimitPath, parseLimit)
	if transport.HasStatus(err, http.StatusServiceUnavailable) {
		r.AddRefusal(LimitPath)
		err = fmt.Errorf("%w: %w", envoy.ErrUnsupported, err)
	}
	return l.turned(s.Info), err
}

// turned returns a limit in the words of the gateway as what it does, and the
// reverse: one firmware limits the export where it says production.
func (l Limit) turned(gateway locate.Info) Limit {
	if l.Active && gateway.AtLeast(8, 2, 4398) && !gateway.AtLeast(8, 2, 4399) {
		l.Export = !l.Export
	}
	return l
}

func parseLimit(body []byte) (Limit, error) {
	var doc struct {
		Settings *struct {
			Enable   wire.Bool   `json:"enable"`
			Export   wire.Bool   `json:"export_limit"`
			Power    wire.Number `json:"limit_value_W"`
			SlewRate wire.Number `json:"slew_rate"`
			Dynamic  wire.Bool   `json:"enable_dynamic_limiting"`
		} `json:"dynamic_pel_settings"`
	}
	if err := wire.DecodeObject(LimitPath, body, &doc); err != nil {
		return Limit{}, err
	}
	if doc.Settings == nil {
		return Limit{}, wire.FormatErrorf("%s: dynamic_pel_settings is missing", LimitPath)
	}
	s := doc.Settings
	active, ok := s.Enable.Get()
	if !ok {
		return Limit{}, wire.FormatErrorf("%s: enable is missing", LimitPath)
	}
	p := Limit{Active: active, SlewRate: s.SlewRate.Times(1)}
	if !active {
		return p, nil
	}
	if p.Export, ok = s.Export.Get(); !ok {
		return Limit{}, wire.FormatErrorf("%s: export_limit is missing", LimitPath)
	}
	if s.Power.Kind != wire.Numeric || !isPower(s.Power.Value) {
		return Limit{}, wire.FormatErrorf("%s: limit_value_W is missing or no power", LimitPath)
	}
	p.Power = s.Power.Value + 0 // -0 + 0 = 0
	p.Dynamic, _ = s.Dynamic.Get()
	return p, nil
}

// isPower reports whether w, in W, can be a limit.
func isPower(w float64) bool { return w >= 0 && w <= wire.MaxPower }

// SwitchPath has the switch of all inverters. The gateway refuses it to an owner.
const SwitchPath = "/ivp/mod/603980032/mode/power"

// ReadSwitch reads whether all inverters are switched off. [envoy.ErrUnsupported]
// reports that the gateway does not have the switch, or that the token's role may
// not read it.
func ReadSwitch(ctx context.Context, s *envoy.Session) (isOff bool, err error) {
	return auth.GetOptional(ctx, s.Requester(), SwitchPath, parseSwitch)
}

func parseSwitch(body []byte) (bool, error) {
	var doc struct {
		Off   wire.Bool `json:"powerForcedOff"`
		PVOff wire.Bool `json:"pvPowerForcedOff"` // since the switch of the batteries is another one
	}
	if err := wire.DecodeObject(SwitchPath, body, &doc); err != nil {
		return false, err
	}
	off, ok := doc.PVOff.Or(doc.Off.Optional).Get()
	if !ok {
		return false, wire.FormatErrorf("%s: powerForcedOff is missing", SwitchPath)
	}
	return off, nil
}
