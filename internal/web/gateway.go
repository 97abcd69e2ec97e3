package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A GatewayState is what the bridge reports of a gateway.
type GatewayState struct {
	Name       string // of its section in the configuration
	Serial     string // empty before the gateway has been identified
	Firmware   string // likewise
	Online     bool   // as the published availability
	Interval   time.Duration
	StaleAfter time.Duration // after a reading, until the gateway is offline
	Err        error         // of the latest poll; nil if it was successful
}

// A gateway is the latest data of one gateway.
type gateway struct {
	GatewayState
	title     string    // to display; empty: the serial number
	changed   time.Time // when Online changed
	sample    *envoy.Sample
	gap       time.Duration // between the last two samples
	batteries []envoy.Battery
	totals    envoy.BatteryTotals
	highest   float64 // power of any sample, W
	requests  map[string]*responseTimes
	energies  energiesCache
}

// gateway returns the gateway with a name, which it creates if necessary. The
// caller holds s.mu.
func (s *Server) gateway(name string) *gateway {
	for _, g := range s.gateways {
		if g.Name == name {
			return g
		}
	}
	g := &gateway{GatewayState: GatewayState{Name: name}, changed: time.Now(), requests: map[string]*responseTimes{}}
	s.gateways = append(s.gateways, g)
	return g
}

// SetTitle announces a gateway and the title under which it is displayed; empty is
// its serial number. Gateways are displayed in the order of the calls.
func (s *Server) SetTitle(name, title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway(name).title = title
}

// SetState stores the state of a gateway.
func (s *Server) SetState(state GatewayState) {
	s.mu.Lock()
	g := s.gateway(state.Name)
	if g.Online != state.Online {
		g.changed = time.Now()
	}
	if g.Serial != state.Serial { // of another gateway
		g.sample, g.batteries, g.totals, g.highest = nil, nil, envoy.BatteryTotals{}, 0
		g.energies = energiesCache{}
	}
	g.GatewayState = state
	s.mu.Unlock()
	s.hub.wakeAll()
}

// SetSample stores a sample, which must not change any more.
func (s *Server) SetSample(name string, sample envoy.Sample) {
	s.mu.Lock()
	g := s.gateway(name)
	if g.sample != nil {
		g.gap = sample.Time.Sub(g.sample.Time)
	}
	g.sample = &sample
	for i := range sample.Meters {
		if w, ok := sample.Meters[i].Total.Get(envoy.Power); ok {
			g.highest = max(g.highest, w, -w)
		}
	}
	s.mu.Unlock()
	s.hub.wakeAll()
}

// SetBatteries stores the latest answers about the batteries. The list must not
// change any more.
func (s *Server) SetBatteries(name string, list []envoy.Battery, totals envoy.BatteryTotals) {
	s.mu.Lock()
	g := s.gateway(name)
	g.batteries, g.totals = list, totals
	s.mu.Unlock()
	s.hub.wakeAll()
}

// Requested stores how long a request to a gateway took.
func (s *Server) Requested(name, path string, took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gateway(name)
	times := g.requests[path]
	if times == nil {
		if len(g.requests) >= maxPaths {
			return
		}
		times = &responseTimes{}
		g.requests[path] = times
	}
	times.add(time.Now(), took, err)
}

// find returns a copy of the gateway with that serial number or name, or the first
// gateway if key is empty.
func (s *Server) find(key string) (gateway, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.gateways, func(g *gateway) bool { return key == "" || g.Serial == key || g.Name == key })
	if i < 0 {
		return gateway{}, false
	}
	return *s.gateways[i], true
}

// all returns copies of all gateways.
func (s *Server) all() []gateway {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]gateway, len(s.gateways))
	for i, g := range s.gateways {
		list[i] = *g
	}
	return list
}

// minLateAfter is the age from which a reading can be late: a gateway that is read
// every second misses some.
const minLateAfter = 10 * time.Second

// lateAfter returns the age from which the page displays a reading as stale: three
// times the pace of the readings, but not later than the gateway is offline.
func (g *gateway) lateAfter() time.Duration {
	late := max(minLateAfter, 3*g.Interval, 3*g.gap)
	if g.StaleAfter > 0 {
		late = min(late, g.StaleAfter)
	}
	return late
}

// interval returns the interval between readings. If the configuration leaves it to
// the source, it is the latest one.
func (g *gateway) interval() time.Duration {
	return cmp.Or(g.Interval, max(time.Second, g.gap.Round(time.Second)))
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
