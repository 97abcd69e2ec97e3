package bridge

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A house is what a running bridge consists of.
type house struct {
	topics   schema.Topics
	board    *board
	writer   *writer
	sweeper  *sweeper
	gateways []*gateway
	version  string
	started  time.Time
	ha       HomeAssistant
	errors   counter  // of all gateways
	bases    []string // the base topics of this run and of earlier ones

	inventory *inventory
}

// A counter counts since the start.
type counter struct{ n atomic.Int64 }

func (c *counter) Add(n int64) { c.n.Add(n) }

func (c *counter) String() string { return strconv.FormatInt(c.n.Load(), 10) }

func newHouse(b *Bridge) *house {
	h := &house{
		topics:  schema.Topics{Base: orUsual(b.Topic, "envoy"), Prefix: orUsual(b.HomeAssistant.Prefix, "homeassistant"), DeviceID: b.DeviceID},
		board:   newBoard(),
		version: orUsual(b.Version, "dev"),
		started: time.Now().UTC(),
		ha:      b.HomeAssistant,
	}
	h.bases = []string{h.topics.Base}
	for _, p := range b.Earlier {
		h.bases = append(h.bases, p.Topic)
	}
	h.inventory = newInventory(h.bases...)
	h.ha.Interval = orUsual(h.ha.Interval, 10*time.Second)
	for _, f := range b.Feeds {
		f.StaleAfter = orUsual(f.StaleAfter, 2*time.Minute)
		h.gateways = append(h.gateways, newGateway(h, f, b.Log.With().Str("gateway", f.Name).Logger()))
	}
	h.sweeper = &sweeper{house: h, earlier: slices.Clone(b.Earlier), cleared: b.Cleared, known: make(chan struct{})}
	h.writer = newWriter(h.board, h.topics, b.Log)
	h.writer.discover, h.writer.onConfig, h.writer.known = !h.ha.Off, h.announced, h.sweeper.known
	h.writer.sweep = h.sweeper.run
	h.sweeper.look()
	h.introduce()
	return h
}

func orUsual[T comparable](v, usual T) T {
	var zero T
	if v == zero {
		return usual
	}
	return v
}

// introduce leaves what the bridge says of itself.
func (h *house) introduce() {
	if !h.ha.Off {
		h.board.put(discovered, h.bridgeDiscovery(), time.Time{})
	}
	h.describe()
	h.tell("version", h.version)
	h.tell("started", h.started.Format(time.RFC3339))
	h.count()
	h.board.put(present, retained(h.topics.BridgeState(), schema.Online), time.Time{})
}

// reads names the gateway other than g that reads the gateway of that serial number.
func (h *house) reads(serial string, g *gateway) (string, bool) {
	for _, other := range h.gateways {
		if other != g && other.alive() && other.known() == serial {
			return other.feed.Name, true
		}
	}
	return "", false
}

// describe leaves the bridge's info document. A thousand gateways may be found at
// once: it is written when it is sent.
func (h *house) describe() { h.board.putLater(stated, h.topics.Bridge("info"), h.info) }

func (h *house) info() []byte {
	type gatewayInfo struct {
		Name       string  `json:"name"`
		Serial     string  `json:"serial,omitempty"`
		Interval   float64 `json:"interval"`
		StaleAfter float64 `json:"stale_after"`
	}
	doc := struct {
		Schema        int           `json:"schema"`
		Version       string        `json:"version"`
		Started       string        `json:"started"`
		HomeAssistant float64       `json:"homeassistant_interval"`
		Gateways      []gatewayInfo `json:"gateways"`
	}{1, h.version, h.started.Format(time.RFC3339), h.ha.Interval.Seconds(), []gatewayInfo{}}
	for _, gw := range h.gateways {
		doc.Gateways = append(doc.Gateways, gatewayInfo{gw.feed.Name, gw.known(), gw.pace().Seconds(), gw.feed.StaleAfter.Seconds()})
	}
	payload, err := json.Marshal(doc)
	if err != nil {
		panic(err) // strings and finite numbers
	}
	return payload
}

// count leaves the bridge's counters.
func (h *house) count() {
	alive := 0
	for _, gw := range h.gateways {
		if gw.alive() {
			alive++
		}
	}
	h.tell("gateways", strconv.Itoa(alive))
	h.tell("gateway_errors", h.errors.String())
	h.tell("broker_errors", h.writer.failed.String())
}

// tell leaves a value of the bridge's own, if it is new.
func (h *house) tell(key, text string) {
	h.board.offer(retained(h.topics.Bridge(key), text), time.Now(), pace{})
}

// announced takes a discovery document that others sent: what an earlier run
// announced, or the empty one by which a person deleted a device or an entity.
func (h *house) announced(topic string, payload []byte, kept bool) {
	deleted, known := len(payload) == 0, false
	if kept {
		h.sweeper.take(topic, payload)
	}
	if kept && !h.ha.Off && h.topics.IsDiscovery(topic) {
		h.inventory.keep(topic, payload)
	}
	for _, gw := range h.gateways {
		if serial := gw.known(); serial == "" || topic != h.topics.Discovery(schema.GatewayID(serial)) {
			continue
		}
		known = true
		if deleted {
			gw.deleted.answer(func() { gw.log.Info().Msg("deleted in home assistant: announced again at its next start or at ours") })
		} else if kept {
			gw.supersede(payload)
		}
	}
	if deleted || known {
		h.inventory.take(topic)
	}
}

// deafen has what the broker sends ignored from now on.
func (h *house) deafen() {
	h.writer.leave()
	for _, gw := range h.gateways {
		gw.deleted.stop()
	}
}
