package bridge

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A presence is what Home Assistant has been told of a gateway.
type presence struct {
	device      device
	points      []schema.Sensor
	absent      map[channelKey]time.Time // since when channels of points are missing
	infos       []string                 // the keys below info that have a value
	samples     int                      // good ones so far
	began       time.Time                // when the first came
	settled     bool                     // all that is there has been told
	earlier     map[string]component     // what an earlier run announced
	leftovers   map[string]component     // what was announced and is no more
	extras      map[string]extra         // what is told beside meters and info
	removing    bool                     // the document in force names leftovers
	falling     bool                     // the energy of total consumption may fall
	outdated    bool                     // there is another document to tell than the one in force
	announcedAt time.Time
}

// announce keeps what Home Assistant knows of the gateway in step with what is
// measured. An entity whose meter or phase is gone is removed the documented
// way: first a document that names its platform only, then, a second later at
// least, one without it. The caller holds the lock.
func (g *gateway) announce(vs []schema.Value, info map[string]string) {
	if g.house.ha.Off {
		return
	}
	if g.samples++; g.samples == 1 {
		g.began = time.Now()
	}
	g.keepPoints(vs)
	for key := range info {
		g.keepInfo(key)
	}
	if time.Since(g.announcedAt) <= time.Second {
		return
	}
	topic := g.house.topics.Discovery(schema.GatewayID(g.serial))
	if g.removing && !g.house.board.waiting(topic) {
		g.leftovers, g.removing, g.outdated = nil, false, true
	}
	if !g.settled && g.samples >= settledIn && time.Since(g.began) >= filter.ConfirmFor {
		g.settled = true
		g.outdated = g.outdated || len(g.earlier) > 0
	}
	if g.outdated {
		g.outdated, g.announcedAt = false, time.Now()
		g.removing = false
		var vacated []string
		if len(g.earlier)+len(g.leftovers) > 0 {
			cs := g.components()
			g.removing = len(g.removals(cs)) > 0
			vacated = g.vacated(cs)
		}
		g.house.board.putLater(discovered, topic, g.document)
		if len(vacated) > 0 {
			g.house.board.retire(vacated...)
		}
	}
}

// keepInfo takes note that there is a value below info.
func (g *gateway) keepInfo(key string) {
	if !slices.Contains(g.infos, key) {
		g.infos, g.outdated = append(g.infos, key), true
	}
}

// keepFalling takes note whether the energy of total consumption may fall, which
// Home Assistant's total_increasing may not.
func (g *gateway) keepFalling(s envoy.Sample) {
	m, _ := s.Meter(envoy.TotalConsumption)
	if _, counts := m.Total.Get(envoy.Energy); counts && filter.MayFall(m) != g.falling {
		g.falling, g.outdated = !g.falling, true
	}
}

// A channelKey names a meter (phase 0) or one of its phases.
type channelKey struct {
	meter envoy.Measurement
	phase int
}

func channelOf(s schema.Sensor) channelKey { return channelKey{s.Meter(), s.Phase()} }

// absentFor is how long a channel must be missing until it is gone: a CT that
// only few systems have may be left out of single answers.
const absentFor = time.Minute

// keepPoints makes g.points those of vs and, of channels that are still there,
// those that once were: a voltage that is missing once is no reason to remove it.
func (g *gateway) keepPoints(vs []schema.Value) {
	if slices.EqualFunc(g.points, vs, func(p schema.Sensor, v schema.Value) bool { return p == v.Sensor }) {
		return // as nearly always
	}
	here := map[channelKey]bool{}
	for _, v := range vs {
		here[channelOf(v.Sensor)] = true
	}
	g.points = slices.DeleteFunc(g.points, func(p schema.Sensor) bool {
		if !g.gone(p, here[channelOf(p)]) {
			return false
		}
		g.leave(p.ID(), sensorComponent(p, g.house.topics, g.serial, g.feed.StaleAfter))
		g.outdated = true
		return true
	})
	g.points = slices.Grow(g.points, max(0, len(vs)-len(g.points))) // nearly always all there will be
	for _, v := range vs {
		if !slices.Contains(g.points, v.Sensor) {
			g.points, g.outdated = append(g.points, v.Sensor), true
		}
	}
}

// gone reports whether a point that is here, or not, has been missing for long.
// Batteries tell their power when it suits them.
func (g *gateway) gone(p schema.Sensor, here bool) bool {
	if here || len(g.batteries.known) > 0 && (p.Meter() == envoy.Storage || p.Meter() == envoy.House) {
		delete(g.absent, channelOf(p))
		return false
	}
	if g.absent == nil {
		g.absent = map[channelKey]time.Time{}
	}
	since, missed := g.absent[channelOf(p)]
	if !missed {
		since = time.Now()
		g.absent[channelOf(p)] = since
	}
	return time.Since(since) >= absentFor
}

// leave makes a component a leftover.
func (g *gateway) leave(key string, c component) {
	if g.leftovers == nil {
		g.leftovers = map[string]component{}
	}
	g.leftovers[key] = c
}

// vacated returns the gateway's topics that leftovers read and none of the
// components that there are now.
func (g *gateway) vacated(now map[string]component) (topics []string) {
	read := map[string]bool{}
	for _, c := range now {
		read[c.StateTopic] = true
	}
	for _, c := range g.leftovers {
		if strings.HasPrefix(c.StateTopic, g.house.topics.Gateway(g.serial)+"/") && !read[c.StateTopic] {
			topics = append(topics, c.StateTopic)
		}
	}
	return topics
}

// superseded reports whether the broker has the gateway's document of this run
// and, if so, whether nothing more is left of the one before: every entity of it
// was announced again or removed.
func (g *gateway) superseded() (announced, complete bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	announced = g.samples > 0 && g.house.board.hasArrived(g.house.topics.Discovery(schema.GatewayID(g.serial)))
	complete = announced && !g.removing && !g.outdated
	if complete && len(g.earlier) > 0 {
		now := g.components()
		for key := range g.earlier {
			_, again := now[key]
			complete = complete && again
		}
	}
	return announced, complete
}

// settledIn is how many good samples must have come, for as long as a counter
// may be held back, before what an earlier run announced, and this one does not
// have, is taken for gone.
const settledIn = filter.Confirmations

// supersede takes the document that an earlier run announced.
func (g *gateway) supersede(payload []byte) {
	var old announcement
	if !bearable(payload) || json.Unmarshal(payload, &old) != nil {
		return // not ours, and overwritten in any case
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.earlier == nil {
		g.earlier = map[string]component{}
	}
	for key, c := range old.Components { // perhaps this run's own already, which lacks what has not come yet
		if _, known := g.earlier[key]; !known {
			g.earlier[key] = c
		}
	}
	g.outdated = true
}

// removals are the components that discovery has to name for removal.
func (g *gateway) removals(now map[string]component) map[string]component {
	if g.settled {
		for key, c := range g.earlier {
			if g.awaited(key) {
				continue
			}
			if _, still := now[key]; !still && c.Platform != "" && c.UniqueID != "" {
				g.leave(key, c)
			}
			delete(g.earlier, key)
		}
	}
	gone := map[string]component{}
	for key, c := range g.leftovers {
		if _, again := now[key]; !again {
			gone[key] = component{Platform: c.Platform}
		}
	}
	return gone
}

// document writes the gateway's discovery document.
func (g *gateway) document() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.device
	d.Via = g.house.topics.BridgeID()
	cs := g.components()
	maps.Copy(cs, g.removals(cs))
	return g.house.document(d, g.availability(), cs)
}

// availability is that of the bridge and of the gateway.
func (g *gateway) availability() []topicRef {
	return []topicRef{{g.house.topics.BridgeState()}, {g.house.topics.Availability(g.serial)}}
}

// components are the entities of all that is measured and told.
func (g *gateway) components() map[string]component {
	h := g.house
	bridgeOnly := g.availability()[:1] // for what has the most to tell when the gateway is offline
	cs := map[string]component{"reachable": {
		Platform:     "binary_sensor",
		Name:         "Reachable",
		UniqueID:     schema.GatewayID(g.serial) + "_reachable",
		StateTopic:   h.topics.Availability(g.serial),
		DeviceClass:  "connectivity",
		Category:     diagnostic,
		PayloadOn:    schema.Online,
		PayloadOff:   schema.Offline,
		Availability: bridgeOnly,
	}}
	for _, p := range g.points {
		c := sensorComponent(p, h.topics, g.serial, g.feed.StaleAfter)
		if g.estimating && p.Meter() == envoy.Storage && p.IsCounter() {
			c.Name += " (estimated)"
		}
		if g.falling && p.Meter() == envoy.TotalConsumption && p.IsCounter() {
			c.StateClass = "total"
		}
		cs[p.ID()] = c
	}
	for key, e := range g.extras {
		cs[key] = e.component(h.topics, g.serial)
	}
	for _, key := range g.infos {
		c, ok := infoSensors[key]
		if !ok {
			continue
		}
		if strings.HasPrefix(key, "token_") {
			c.Availability = bridgeOnly
		}
		c.UniqueID = schema.GatewayID(g.serial) + "_" + key
		c.StateTopic = h.topics.Info(g.serial, key)
		cs[key] = c
	}
	return cs
}
