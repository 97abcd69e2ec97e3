package web

import (
	"cmp"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// A gateway is the latest data of one gateway.
type gateway struct {
	bridge.GatewayState
	isTotal   bool      // of several gateways
	title     string    // to display; empty: the serial number
	changed   time.Time // when Online changed
	sample    *envoy.Sample
	gaps      [2]time.Duration // between the last three samples; zero if there was none
	batteries []device.Battery
	totals    device.BatteryTotals
	highest   float64 // power of any sample, W
	requests  map[string]*responseTimes
}

// minLateAfter is the age from which a reading can be late: a gateway that is read
// every second misses some.
const minLateAfter = 10 * time.Second

// lateAfter returns the age from which the page displays a reading as stale: three
// times the pace of the readings, but not later than the gateway is offline.
func (g *gateway) lateAfter() time.Duration {
	late := max(minLateAfter, 3*g.Interval, 3*g.pace())
	if g.StaleAfter > 0 {
		late = min(late, g.StaleAfter)
	}
	return late
}

// pace returns the interval between the latest samples. It is the shorter of two, so that
// the gap of an outage does not count.
func (g *gateway) pace() time.Duration {
	if g.gaps[0] == 0 {
		return g.gaps[1]
	}
	return min(g.gaps[0], g.gaps[1])
}

// interval returns the interval between readings. If the configuration leaves it to
// the source, it is the latest one.
func (g *gateway) interval() time.Duration {
	return cmp.Or(g.Interval, max(time.Second, g.pace().Round(time.Second)))
}

// isOffline reports whether the gateway is offline at a moment: the state is
// updated at the end of a poll only.
func (g *gateway) isOffline(now time.Time) bool {
	return !g.Online || g.StaleAfter > 0 && g.sample != nil && now.Sub(g.sample.Time) >= g.StaleAfter
}

// isStale reports whether the reading is too old to be used.
func (g *gateway) isStale(now time.Time) bool {
	return g.sample == nil || g.isOffline(now)
}
