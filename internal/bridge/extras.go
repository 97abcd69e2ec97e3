package bridge

import (
	"strconv"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A group is what one answer tells of the gateway's own device beside its
// meters: each trait has a topic of its own, which is its key.
type group[D any] struct {
	name   string
	traits []trait[D]
}

// totalsGroup is what all batteries are together.
var totalsGroup = group[envoy.BatteryTotals]{"totals", []trait[envoy.BatteryTotals]{
	{"storage/soc", measuring("Battery", "battery", "%", 0), number(0, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.SoC })},
	{"storage/reserve_soc", measuring("Reserve battery level", "battery", "%", 0), number(0, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.Reserve })},
	{"storage/available_energy", storing("Available battery energy"), number(3, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.Energy })},
	{"storage/reserve_energy", storing("Reserve battery energy"), number(3, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.Reserved })},
	{"storage/capacity", storing("Battery capacity"), number(3, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.Capacity })},
	{"storage/iq_soc", measuring("IQ Battery level", "battery", "%", 0), number(0, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.IQSoC })},
	{"storage/iq_available_energy", storing("Available IQ Battery energy"), number(3, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.IQEnergy })},
	{"storage/iq_capacity", storing("IQ Battery capacity"), number(3, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.IQCap })},
	{"storage/acb_soc", measuring("AC Battery level", "battery", "%", 0), number(0, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.ACBSoC })},
	{"storage/acb_available_energy", storing("Available AC Battery energy"), number(3, func(t envoy.BatteryTotals) envoy.Told[float64] { return t.ACBEnergy })},
}}

// groupOf names the group of each extra's key.
var groupOf = func() map[string]string {
	m := map[string]string{}
	for _, t := range totalsGroup.traits {
		m[extraKey(t.key)] = totalsGroup.name
	}
	for _, t := range healthGroup.traits {
		m[extraKey(t.key)] = healthGroup.name
	}
	return m
}()

// extraKey is the part of a unique id that stands for a topic.
func extraKey(topic string) string {
	return strings.ReplaceAll(strings.TrimPrefix(topic, "info/"), "/", "_")
}

// An extra is an entity of a group.
type extra struct {
	topic  string // below the gateway's
	is     *component
	life   time.Duration // of a measurement
	group  string
	missed int // answers in a row without it
}

// component is the entity of an extra.
func (e extra) component(t schema.Topics, serial string) component {
	c := *e.is
	c.UniqueID = schema.GatewayID(serial) + "_" + extraKey(e.topic)
	c.StateTopic = t.Gateway(serial) + "/" + e.topic
	if c.StateClass == "measurement" {
		c.ExpireAfter = seconds(e.life)
	}
	return c
}

// tellExtras publishes what d tells. Measurements expire when no more come;
// what a person set up or should do stays.
func tellExtras[D any](g *gateway, of group[D], d D, every time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	life := g.life(every)
	now := map[string]extra{}
	for row := range of.traits {
		t := &of.traits[row]
		text := t.text(d)
		if text == "" {
			continue
		}
		topic, text := g.house.topics.Gateway(g.serial)+"/"+t.key, plain(text)
		if t.is.StateClass == "measurement" {
			g.house.board.put(stated, retained(topic, text), time.Now().Add(life))
		} else {
			g.house.board.offer(retained(topic, text), time.Now(), pace{})
		}
		now[extraKey(t.key)] = extra{topic: t.key, is: &t.is, life: life, group: of.name}
	}
	g.keepExtras(of.name, now)
}

// plain is a JSON value as the payload of its own topic.
func plain(text string) string {
	switch text {
	case "true":
		return "ON"
	case "false":
		return "OFF"
	}
	if s, err := strconv.Unquote(text); err == nil {
		return s
	}
	return text
}

// keepExtras takes note of the entities that a group has. One that three
// answers in a row do not have is removed. The caller holds the lock.
func (g *gateway) keepExtras(group string, now map[string]extra) {
	if g.extras == nil {
		g.extras = map[string]extra{}
	}
	for key, e := range now {
		if _, known := g.extras[key]; !known {
			g.outdated = true
		}
		g.extras[key] = e
	}
	for key, e := range g.extras {
		if _, there := now[key]; there || e.group != group {
			continue
		}
		if e.missed++; e.missed < agreeing {
			g.extras[key] = e
			continue
		}
		g.leave(key, e.component(g.house.topics, g.serial))
		delete(g.extras, key)
		g.outdated = true
	}
	if g.rounds[group]++; g.rounds[group] == agreeing && len(g.earlier) > 0 {
		g.outdated = true
	}
}

// awaited reports whether an entity of an earlier run may still come: its group
// has not been told of often enough. The caller holds the lock.
func (g *gateway) awaited(key string) bool {
	group := groupOf[key]
	return group != "" && g.rounds[group] < agreeing
}
