package web

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
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

// minLateAge is the age from which a reading can be late: a gateway that is read
// every second misses some.
const minLateAge = 10 * time.Second

// lateAfter returns the age from which the page displays a reading as stale: three
// times the pace of the readings, but not later than the gateway is offline.
func (g *gateway) lateAfter() time.Duration {
	late := max(minLateAge, 3*g.Interval, 3*g.pace())
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

const (
	// maxPaths limits the paths of a gateway of which responses are kept.
	maxPaths = 16
	// maxResponses limits the responses of a path that are kept: one a second for
	// responsesAge, about 200 kB.
	maxResponses = 3600
	responsesAge = time.Hour
)

// A response is how a request ended.
type response struct {
	at        time.Time
	took      time.Duration
	isFailure bool // also if it is a timeout
	isTimeout bool
}

// responseTimes are the latest responses of a path, oldest first.
type responseTimes []response

func (t *responseTimes) record(now time.Time, took time.Duration, err error) {
	list := append(t.recent(now), response{now, took, err != nil, errors.Is(err, context.DeadlineExceeded)})
	*t = list[max(0, len(list)-maxResponses):]
}

// recent returns the responses of the last hour.
func (t responseTimes) recent(now time.Time) responseTimes {
	for len(t) > 0 && now.Sub(t[0].at) >= responsesAge {
		t = t[1:]
	}
	return t
}

// A responseSummary is how a path responded, in ms.
type responseSummary struct {
	Path     string         `json:"path"`
	Median   respond.Number `json:"median"`
	P95      respond.Number `json:"p95"`
	Highest  respond.Number `json:"highest"`
	Timeouts int            `json:"timeouts"`
	Failures int            `json:"failures"` // timeouts included
}

// summarize returns how the path responded in the last hour, and false if it was not
// requested.
func (t responseTimes) summarize(path string, now time.Time) (responseSummary, bool) {
	s := responseSummary{Path: path}
	recent := t.recent(now)
	var times []time.Duration
	for _, r := range recent {
		if r.isTimeout {
			s.Timeouts++
		}
		if r.isFailure {
			s.Failures++
		} else {
			times = append(times, r.took)
		}
	}
	slices.Sort(times)
	s.Median, s.P95, s.Highest = percentile(times, 0.5), percentile(times, 0.95), percentile(times, 1)
	return s, len(recent) > 0
}

// percentile returns the time in ms that a part of sorted times does not exceed, 0 if
// there are none.
func percentile(sorted []time.Duration, part float64) respond.Number {
	if len(sorted) == 0 {
		return 0
	}
	return respond.Number(sorted[int(math.Ceil(part*float64(len(sorted))))-1].Seconds() * 1000)
}
