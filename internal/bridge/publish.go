package bridge

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// publish leaves a good sample on the board: live first, then what is retained.
func (g *gateway) publish(s envoy.Sample, next time.Time) {
	s = g.filters.counters.Apply(s, time.Now())
	vs := schema.Values(s)
	// Somebody waits for live, and the rest can wait. To step aside lets the
	// writer run at once and on this processor, where another would have to wake
	// up first, and leaves that one to the broker and its reader.
	select {
	case <-g.publishLive(s, vs, next):
	case <-time.After(aside):
	}
	if whole := g.withBatteries(s); len(whole.Meters) > len(s.Meters) {
		s, vs = whole, schema.Values(whole)
	}
	g.publishRetained(s, vs, next)
	g.checkPlausibility(s)
}

// aside is how long a sample's other values wait for a broker that is slow,
// frozen or not there.
const aside = time.Millisecond

// publishLive returns a channel that is closed when the broker has taken the sample.
func (g *gateway) publishLive(s envoy.Sample, vs []schema.Value, next time.Time) (taken <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.house
	taken = h.board.putLive(g.serial, slices.Concat(h.topics.Live(g.serial, s.Time, vs), g.formatters.Messages(s, g.batteries.none), g.watchGrid(s)), next)
	g.good = time.Now()
	g.stale.Reset(g.feed.StaleAfter)
	return taken
}

func (g *gateway) publishRetained(s envoy.Sample, vs []schema.Value, next time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.house
	info := g.info(s)
	g.keepFalling(s)
	g.announce(vs, info)

	pace := pace{least: h.ha.Interval, most: g.feed.StaleAfter / 3, next: time.Until(next)}
	h.board.offerValues(h.topics.Gateway(g.serial), vs, g.feed.StaleAfter, s.Time, pace)
	for key, text := range info {
		g.tellInfo(key, text, s.Time, pace.lasting())
	}
	if g.state != schema.Online {
		g.say(schema.Online)
	}
}

// info is what a gateway's info topics say.
func (g *gateway) info(s envoy.Sample) map[string]string {
	info := map[string]string{
		"firmware":      g.session.Firmware,
		"part_number":   g.session.PartNumber,
		"source":        g.source,
		"poll_duration": strconv.FormatInt(s.Took.Milliseconds(), 10),
	}
	if now := time.Now(); now.Sub(g.timed) >= time.Minute {
		g.timed = now
		maps.Copy(info, g.answers.info())
	}
	if t := g.session.ReadingDate(s); !t.IsZero() {
		info["last_report"] = t.Format(time.RFC3339)
	}
	maps.DeleteFunc(info, func(_, text string) bool { return text == "" })
	return info
}

// tellStatus publishes what Status says, whenever it changes: it has the most
// to tell when there are no samples.
func (g *gateway) tellStatus() {
	if g.feed.Status == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.serial == "" {
		return
	}
	for key, text := range g.feed.Status() {
		g.keepInfo(key)
		g.tellInfo(key, text, time.Now(), pace{})
	}
}

func (g *gateway) tellInfo(key, text string, now time.Time, p pace) {
	g.house.board.offer(retained(g.house.topics.Info(g.serial, key), text), now, p)
}

// retained is a message that must arrive and stay: it is sent with QoS 1. An
// empty one takes what stands there from the broker.
func retained(topic, payload string) mqtt.Message {
	return mqtt.Message{Topic: topic, Payload: []byte(payload), Retain: true, QoS: 1}
}

// seconds rounds d up to whole seconds, at least one, as MQTT and Home
// Assistant count.
func seconds(d time.Duration) uint32 {
	return uint32(max(1, (d+time.Second-1)/time.Second))
}
