package powerlimit

import (
	"context"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// switchPath has the switch of all inverters. Owners may not read it.
const switchPath = "/ivp/mod/603980032/mode/power"

// ReadSwitch reads whether all inverters are switched off. [envoy.ErrUnsupported]
// reports that the gateway does not have the switch, or that the token's role may
// not read it.
func ReadSwitch(ctx context.Context, s *envoy.Session) (isOff bool, err error) {
	return auth.GetOptional(ctx, s.Requester(), switchPath, parseSwitch)
}

func parseSwitch(body []byte) (bool, error) {
	var doc struct {
		Off   wire.Bool `json:"powerForcedOff"`
		PVOff wire.Bool `json:"pvPowerForcedOff"` // since the switch of the batteries is another one
	}
	if err := wire.DecodeObject(switchPath, body, &doc); err != nil {
		return false, err
	}
	off, ok := doc.PVOff.Or(doc.Off.Optional).Get()
	if !ok {
		return false, wire.FormatErrorf("%s: powerForcedOff is missing", switchPath)
	}
	return off, nil
}
