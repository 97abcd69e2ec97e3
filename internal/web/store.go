package web

import (
	"slices"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A store holds the latest data of the gateways. The zero value is ready. Its methods
// are safe for concurrent use.
type store struct {
	hub hub

	mu       sync.Mutex // guards gateways and what they point to
	gateways []*gateway // in the order of the first call that named them
}

// gateway returns the gateway with a name, which it creates if necessary. The
// caller holds s.mu.
func (s *store) gateway(name string) *gateway {
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
func (s *store) SetTitle(name, title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway(name).title = title
}

// SetState stores the state of a gateway.
func (s *store) SetState(state GatewayState) {
	s.mu.Lock()
	g := s.gateway(state.Name)
	if g.Online != state.Online {
		g.changed = time.Now()
	}
	if g.Serial != state.Serial { // of another gateway
		g.sample, g.batteries, g.totals, g.highest = nil, nil, envoy.BatteryTotals{}, 0
		g.gaps = [2]time.Duration{}
	}
	g.GatewayState = state
	s.mu.Unlock()
	s.hub.wakeAll()
}

// SetSample stores a sample, which must not change any more.
func (s *store) SetSample(name string, sample envoy.Sample) {
	s.mu.Lock()
	g := s.gateway(name)
	if g.sample != nil {
		g.gaps = [2]time.Duration{g.gaps[1], sample.Time.Sub(g.sample.Time)}
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
func (s *store) SetBatteries(name string, list []envoy.Battery, totals envoy.BatteryTotals) {
	s.mu.Lock()
	g := s.gateway(name)
	g.batteries, g.totals = list, totals
	s.mu.Unlock()
	s.hub.wakeAll()
}

// Requested stores how long a request to a gateway took.
func (s *store) Requested(name, path string, took time.Duration, err error) {
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
func (s *store) find(key string) (gateway, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.gateways, func(g *gateway) bool { return key == "" || g.Serial == key || g.Name == key })
	if i < 0 {
		return gateway{}, false
	}
	return *s.gateways[i], true
}

// isKnown reports whether key, if it is not empty, is the serial number or the name of a
// gateway.
func (s *store) isKnown(key string) bool {
	_, ok := s.find(key)
	return ok || key == ""
}

// all returns copies of all gateways.
func (s *store) all() []gateway {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]gateway, len(s.gateways))
	for i, g := range s.gateways {
		list[i] = *g
	}
	return list
}
