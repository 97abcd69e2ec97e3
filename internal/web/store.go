package web

import (
	"slices"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// allGateways in place of a gateway means the production of all together. There is no
// sum of other quantities: two gateways can measure the same grid connection.
const allGateways = "all"

// A store holds the latest data of the gateways, of which it is a [bridge.Observer]. The
// zero value is ready. Its methods are safe for concurrent use.
type store struct {
	bridge.BaseObserver
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
	g := &gateway{GatewayState: bridge.GatewayState{Name: name}, changed: time.Now(), requests: map[string]*responseTimes{}}
	s.gateways = append(s.gateways, g)
	return g
}

// update changes the data of a gateway and wakes the clients that read events.
func (s *store) update(name string, change func(*gateway)) {
	s.mu.Lock()
	change(s.gateway(name))
	s.mu.Unlock()
	s.hub.wakeAll()
}

// SetTitle announces a gateway and the title under which it is displayed; empty is
// its serial number. Gateways are displayed in the order of the calls.
func (s *store) SetTitle(name, title string) {
	s.update(name, func(g *gateway) { g.title = title })
}

// Polled implements [bridge.Observer].
func (s *store) Polled(state bridge.GatewayState, sample *envoy.Sample) { s.set(state, false, sample) }

// StateChanged implements [bridge.Observer].
func (s *store) StateChanged(state bridge.GatewayState) { s.set(state, false, nil) }

// Totaled implements [bridge.Observer].
func (s *store) Totaled(state bridge.GatewayState, sum *envoy.Sample) { s.set(state, true, sum) }

// set stores the state of a gateway, and its sample if there is a new one.
func (s *store) set(state bridge.GatewayState, isTotal bool, sample *envoy.Sample) {
	s.update(state.Name, func(g *gateway) {
		if g.Online != state.Online {
			g.changed = time.Now()
		}
		if g.Serial != state.Serial { // of another gateway
			*g = gateway{title: g.title, changed: g.changed, requests: g.requests}
		}
		g.GatewayState, g.isTotal = state, isTotal
	})
	if sample != nil {
		s.setSample(state.Name, *sample)
	}
}

// setSample stores a sample, which must not change any more.
func (s *store) setSample(name string, sample envoy.Sample) {
	s.update(name, func(g *gateway) {
		if g.sample != nil {
			g.gaps = [2]time.Duration{g.gaps[1], sample.Time.Sub(g.sample.Time)}
		}
		g.sample = &sample
		for i := range sample.Meters {
			if w, ok := sample.Meters[i].Total.Get(envoy.Power); ok {
				g.highest = max(g.highest, w, -w)
			}
		}
	})
}

// Batteries implements [bridge.Observer].
func (s *store) Batteries(name, _ string, list []device.Battery, totals device.BatteryTotals) {
	s.update(name, func(g *gateway) { g.batteries, g.totals = list, totals })
}

// Requested implements [bridge.Observer].
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
	times.record(time.Now(), took, err)
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

// withoutTotals returns the gateways without the totals of several.
func (s *store) withoutTotals() []gateway {
	return slices.DeleteFunc(s.all(), func(g gateway) bool { return g.isTotal })
}

// serials returns the serial numbers of all gateways, or nil if one is not known yet.
func (s *store) serials() []string {
	var list []string
	for _, g := range s.withoutTotals() {
		switch {
		case g.Serial == "":
			return nil
		case !slices.Contains(list, g.Serial): // two sections can name one gateway
			list = append(list, g.Serial)
		}
	}
	return list
}
