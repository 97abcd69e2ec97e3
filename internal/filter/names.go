package filter

import "github.com/envoy-mqtt/envoy-mqtt/internal/envoy"

// A counterKey identifies a counter of a gateway.
type counterKey struct {
	meter    envoy.Measurement
	phase    uint8 // 0 is the whole meter, 1 to 3 are L1 to L3
	quantity envoy.Quantity
}

// The names of counters in the saved state and in the log. They do not change,
// so that each version reads what another one has saved.
var (
	meterNames = [...]string{
		envoy.NetConsumption:   "grid",
		envoy.Production:       "production",
		envoy.TotalConsumption: "consumption",
		envoy.Storage:          "storage",
		envoy.House:            "house",
		envoy.Backfeed:         "backfeed",
		envoy.Load:             "load",
		envoy.EVSE:             "evse",
		envoy.PV3P:             "pv3p",
		envoy.Generator:        "generator",
	}
	phaseNames = [...]string{"", "/l1", "/l2", "/l3"}
)

// String returns the name of the counter, such as grid/l1/energy_import.
func (k counterKey) String() string {
	return meterNames[k.meter] + phaseNames[k.phase] + "/" + k.quantity.String()
}
