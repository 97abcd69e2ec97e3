package bridge

import (
	"time"
)

// A thing is a device behind the gateway: an inverter, a battery, a controller.
// It has one document and is one device in Home Assistant.
type thing struct {
	id       string // its object id, such as envoy_inverter_122000000001
	topic    string // of its document
	device   device
	doc      []byte
	keys     map[string]bool // in doc
	entities func(id, topic string, keys map[string]bool, life time.Duration) map[string]component
}

// lives is how many answers a document outlives: it expires when that many did not come.
const lives = 4

// newThing makes a thing of what d tells. The caller has no lock of g's.
func newThing[D any](g *gateway, kind, serial string, d D, traits []trait[D], is device) thing {
	gateway := g.known()
	is.Manufacturer, is.Serial, is.Via = "Enphase", serial, "envoy_"+gateway
	t := thing{
		id:    "envoy_" + kind + "_" + serial,
		topic: g.house.topics.thing(gateway, kind, serial),
		entities: func(id, topic string, keys map[string]bool, life time.Duration) map[string]component {
			return entities(id, topic, traits, keys, life)
		},
	}
	is.Identifiers = []string{t.id}
	t.device = is
	t.doc, t.keys = tell(d, traits)
	return t
}

// things are what was shown of one kind, by id.
type things map[string]*shown

type shown struct {
	thing
	life   time.Duration
	missed int               // complete answers in a row without it
	gone   map[string]string // platforms of the entities that an earlier run announced and this one has not, by key
}

// show publishes the things of a kind that are there. One that three complete
// answers in a row do not name has been taken away, and is from Home Assistant.
func (g *gateway) show(kind string, there []thing, complete bool, every time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.things[kind] == nil {
		g.things[kind] = things{}
	}
	known := g.things[kind]
	life := max(lives*every, g.feed.StaleAfter)
	seen := map[string]bool{}
	for _, t := range there {
		seen[t.id] = true
		g.house.board.put(stated, retained(t.topic, string(t.doc)), time.Now().Add(life))
		old := known[t.id]
		if old == nil {
			old = &shown{}
		}
		now := &shown{thing: t, life: life, gone: old.gone}
		for key := range old.keys {
			now.keys[key] = true // what is missing once is no reason to remove it
		}
		known[t.id] = now
		if !now.device.same(old.device) || len(now.keys) != len(old.keys) {
			g.introduce(now)
		}
	}
	if !complete {
		return
	}
	g.rounds[kind]++
	g.compareThings(kind, known)
	for id, s := range known {
		if seen[id] {
			continue
		}
		if s.missed++; s.missed >= agreeing {
			g.dismiss(id, s.topic)
			delete(known, id)
			g.log.Info().Str("serial", s.device.Serial).Msg(kind + " was taken away")
		}
	}
}

// introduce announces a thing. The caller holds the lock.
func (g *gateway) introduce(s *shown) {
	if g.house.ha.Off {
		return
	}
	h, availability := g.house, g.availability()
	h.board.putLater(discovered, h.topics.config(s.id), func() []byte { // a shown thing does not change
		a := announcement{Device: s.device, Origin: h.origin(), Availability: availability, Mode: "all", Components: s.entities(s.id, s.topic, s.keys, s.life)}
		for key, platform := range s.gone {
			if !s.keys[key] {
				a.Components[key] = component{Platform: platform}
			}
		}
		return a.marshal()
	})
}

// dismiss takes a thing from Home Assistant and its document from the broker.
func (g *gateway) dismiss(id, topic string) {
	g.house.board.put(stated, Message{Topic: topic, Retain: true}, time.Time{})
	if !g.house.ha.Off {
		g.house.board.put(discovered, Message{Topic: g.house.topics.config(id), Retain: true, QoS: 1}, time.Time{})
	}
}

// forgetThings takes everything behind a gateway that was replaced off the board.
func (g *gateway) forgetThings() {
	for _, known := range g.things {
		for id, s := range known {
			g.house.board.forget(g.house.topics.config(id), s.topic)
		}
	}
	g.things, g.rounds = map[string]things{}, map[string]int{}
}

// same reports whether the device is told of in the same words.
func (d device) same(e device) bool {
	return d.equal(e) && d.Via == e.Via
}
