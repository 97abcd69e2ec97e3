package bridge

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// A presence is what Home Assistant has been told of a gateway.
type presence struct {
	device      device
	points      []point
	infos       []string             // the keys below info that have a value
	samples     int                  // good ones so far
	earlier     map[string]component // what an earlier run announced
	leftovers   map[string]component // what was announced and is no more
	removing    bool                 // the document in force names leftovers
	announced   string               // the document in force
	announcedAt time.Time
}

// announce keeps what Home Assistant knows of the gateway in step with what is
// measured. An entity whose meter or phase is gone is removed the documented
// way: first a document that names its platform only, then, a second later at
// least, one without it. The caller holds the lock.
func (g *gateway) announce(vs []value, info map[string]string) {
	if g.house.ha.Off {
		return
	}
	g.samples++
	g.keepPoints(vs)
	for key := range info {
		if !slices.Contains(g.infos, key) {
			g.infos = append(g.infos, key)
		}
	}
	topic := g.house.topics.gatewayConfig(g.serial)
	if g.removing && !g.house.board.waiting(topic) && time.Since(g.announcedAt) > time.Second {
		g.leftovers, g.removing = nil, false
	}
	if m := g.discovery(); string(m.Payload) != g.announced && time.Since(g.announcedAt) > time.Second {
		g.announced, g.announcedAt = string(m.Payload), time.Now()
		g.house.board.put(discovered, m, time.Time{})
	}
}

// keepPoints makes g.points those of vs and, of channels that are still there,
// those that once were: a voltage that is missing once is no reason to remove it.
func (g *gateway) keepPoints(vs []value) {
	here := map[channelKey]bool{}
	for _, v := range vs {
		here[v.channel()] = true
	}
	for _, p := range g.points {
		if !here[p.channel()] {
			g.leave(p.key(), p.component(g.house.topics, g.serial, g.feed.StaleAfter))
		}
	}
	g.points = slices.DeleteFunc(g.points, func(p point) bool { return !here[p.channel()] })
	for _, v := range vs {
		if !slices.Contains(g.points, v.point) {
			g.points = append(g.points, v.point)
		}
	}
}

// leave makes a component a leftover and clears its retained topic, if that is ours.
func (g *gateway) leave(key string, c component) {
	if g.leftovers == nil {
		g.leftovers = map[string]component{}
	}
	g.leftovers[key] = c
	if strings.HasPrefix(c.StateTopic, g.house.topics.gateway(g.serial)+"/") {
		g.house.board.put(stated, Message{Topic: c.StateTopic, Retain: true}, time.Time{})
	}
}

// settledIn is how many good samples must have come before what an earlier run
// announced, and this one does not have, is taken for gone.
const settledIn = 3

// supersede takes the document that an earlier run announced.
func (g *gateway) supersede(payload []byte) {
	var old announcement
	if json.Unmarshal(payload, &old) != nil {
		return // not ours, and overwritten in any case
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.earlier = old.Components
}

// removals are the components that discovery has to name for removal.
func (g *gateway) removals(now map[string]component) map[string]component {
	if g.samples >= settledIn {
		for key, c := range g.earlier {
			if _, still := now[key]; !still && c.Platform != "" && c.UniqueID != "" {
				g.leave(key, c)
			}
		}
		g.earlier = nil
	}
	gone := map[string]component{}
	for key, c := range g.leftovers {
		if _, again := now[key]; !again {
			gone[key] = component{Platform: c.Platform}
		}
	}
	g.removing = len(gone) > 0
	return gone
}

// discovery is the document of the gateway.
func (g *gateway) discovery() Message {
	h := g.house
	d := g.device
	d.Via = h.topics.bridgeID()
	a := announcement{
		Device:       d,
		Origin:       h.origin(),
		Availability: []topicRef{{h.topics.bridge("state")}, {h.topics.availability(g.serial)}},
		Mode:         "all",
		Components:   map[string]component{},
	}
	bridgeOnly := a.Availability[:1] // for what has the most to tell when the gateway is offline
	a.Components["reachable"] = component{
		Platform:     "binary_sensor",
		Name:         "Reachable",
		UniqueID:     "envoy_" + g.serial + "_reachable",
		StateTopic:   h.topics.availability(g.serial),
		DeviceClass:  "connectivity",
		Category:     diagnostic,
		PayloadOn:    payloadOnline,
		PayloadOff:   payloadOffline,
		Availability: bridgeOnly,
	}
	for _, p := range g.points {
		a.Components[p.key()] = p.component(h.topics, g.serial, g.feed.StaleAfter)
	}
	for _, key := range g.infos {
		c, ok := infoSensors[key]
		if !ok {
			continue
		}
		if strings.HasPrefix(key, "token_") {
			c.Availability = bridgeOnly
		}
		c.UniqueID = "envoy_" + g.serial + "_" + key
		c.StateTopic = h.topics.info(g.serial, key)
		a.Components[key] = c
	}
	maps.Copy(a.Components, g.removals(a.Components))
	return Message{Topic: h.topics.gatewayConfig(g.serial), Payload: a.marshal(), Retain: true, QoS: 1}
}
