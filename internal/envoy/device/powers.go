package device

import (
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// PowersPath has the present power of each battery.
const PowersPath = "/ivp/ensemble/power"

// A BatteryPower is what one battery does just now.
type BatteryPower struct {
	Serial        string
	SoC           wire.Optional[float64] // %
	Power         wire.Optional[float64] // W, + discharging
	ApparentPower wire.Optional[float64] // VA, signed as the power
}

// ParsePowers reads the body of [PowersPath].
func ParsePowers(body []byte) ([]BatteryPower, error) {
	type entry struct {
		SerialNum     wire.String `json:"serial_num"`
		RealPower     wire.Number `json:"real_power_mw"` // negative is charging, as it is with us
		ApparentPower wire.Number `json:"apparent_power_mva"`
		SoC           wire.Number `json:"soc"`
	}
	var doc struct {
		Devices []entry `json:"devices:"` // the key ends with a colon
	}
	if err := wire.DecodeObject(PowersPath, body, &doc); err != nil {
		return nil, err
	}
	if doc.Devices == nil {
		return nil, wire.FormatErrorf("%s: it contains no devices", PowersPath)
	}
	devices, err := wire.Understood(PowersPath, doc.Devices, func(e *entry) bool { return serialnumber.IsDevice(string(e.SerialNum)) })
	if err != nil {
		return nil, err
	}
	var ps []BatteryPower
	for _, d := range devices {
		p := BatteryPower{
			Serial:        string(d.SerialNum),
			SoC:           d.SoC.Percent(),
			Power:         d.RealPower.Watts(1e-3),
			ApparentPower: d.ApparentPower.Watts(1e-3),
		}
		if !slices.ContainsFunc(ps, func(q BatteryPower) bool { return q.Serial == p.Serial }) {
			ps = append(ps, p)
		}
	}
	return ps, nil
}
