package device

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// maxInverterPower is more than any microinverter has, in W.
const maxInverterPower = 5000

// celsius returns a temperature, of devices that work from -40 to 65 °C and of one that
// reports °F. Others stand for none.
func celsius(n wire.Number) wire.Optional[float64] { return n.Within(1, -100, 250) }

// energy returns what batteries store, in kWh, of n in Wh.
func energy(n wire.Number) wire.Optional[float64] { return n.Within(1e-3, 0, 1e5) }

// isRecent reports whether a report is younger than limit at now, the gateway's
// time. One that is as far in the future is not, as its time is wrong.
func isRecent(reported, now time.Time, limit time.Duration) bool {
	return now.Sub(reported).Abs() <= limit
}
