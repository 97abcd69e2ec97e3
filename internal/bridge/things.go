package bridge

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A family is a kind of things that look the same in Home Assistant.
type family struct {
	kind         string // in ids and topics
	title, model string // in Home Assistant; the title goes before the serial number
	entities     func(id, topic string, told traitSet, life time.Duration) map[string]component
}

// A familyOf is a family with what a D tells of a thing.
type familyOf[D any] struct {
	family
	traits []trait[D]
}

func newFamily[D any](kind, title, model string, traits []trait[D]) *familyOf[D] {
	return &familyOf[D]{family{kind, title, model, func(id, topic string, told traitSet, life time.Duration) map[string]component {
		return entities(id, topic, traits, told, life)
	}}, traits}
}

// A thing is a device behind the gateway: an inverter, a battery, a controller.
// It has one document and is one device in Home Assistant.
type thing struct {
	*family
	serial             string
	software, hardware string
	told               traitSet // in its documents
}

// id is the thing's object id, such as envoy_inverter_122000000001.
func (t thing) id() string { return schema.SubDeviceID(t.kind, t.serial) }

// A report is what a thing has just told.
type report struct {
	thing
	document []byte
}

// report makes a report of what d, the thing with a serial number, tells.
func (f *familyOf[D]) report(serial string, d D) report {
	document, told := tell(d, f.traits)
	return report{thing{family: &f.family, serial: serial, told: told}, document}
}

// of adds what the thing runs and is made of.
func (r report) of(software, hardware string) report {
	r.software, r.hardware = software, hardware
	return r
}

// agreeing is how many complete answers in a row must lack what is removed then.
const agreeing = 3

// lives is how many answers a document outlives: it expires when that many did not come.
const lives = 4

// life is how long what is told every so often stands.
func (g *gateway) life(every time.Duration) time.Duration {
	return max(lives*every, g.feed.StaleAfter)
}

// things are what was shown of one kind, by serial number.
type things map[string]*shown

type shown struct {
	thing
	life   time.Duration
	missed int               // complete answers in a row without it
	gone   map[string]string // platforms of the entities that an earlier run announced and this one has not, by key
}

// components are the entities of all that the thing has told under topic.
func (s *shown) components(topic string) map[string]component {
	return s.entities(s.id(), topic, s.told, s.life)
}

// show publishes the things of a kind that are there. One that three complete
// answers in a row do not name has been taken away, and is from Home Assistant.
func (g *gateway) show(kind string, there []report, complete bool, every time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.things[kind] == nil {
		g.things[kind] = things{}
	}
	known := g.things[kind]
	life := g.life(every)
	seen := map[string]bool{}
	for _, r := range there {
		seen[r.serial] = true
		s := known[r.serial]
		if s == nil && r.told == 0 {
			continue // no entity would read its document
		}
		if s == nil {
			s = &shown{life: life}
			known[r.serial] = s
		}
		g.house.board.put(stated, mqtt.Message{Topic: g.thingTopic(r.thing), Payload: r.document, QoS: 1}, time.Now().Add(life))
		if s.family == r.family {
			r.told |= s.told // what is missing once is no reason to remove it
		}
		if s.thing != r.thing {
			s.thing = r.thing
			g.introduce(s)
		}
		s.missed = 0
	}
	if !complete {
		return
	}
	g.rounds[kind]++
	g.compareThings(kind, known)
	for serial, s := range known {
		if seen[serial] {
			continue
		}
		if s.missed++; s.missed >= agreeing {
			g.dismiss(s.id(), g.thingTopic(s.thing))
			delete(known, serial)
			g.log.Info().Str("serial", serial).Msg(kind + " was taken away")
		}
	}
}

// thingTopic is where a thing's document is.
func (g *gateway) thingTopic(t thing) string {
	return g.house.topics.SubDevice(g.serial, t.kind, t.serial)
}

// introduce announces a thing. The caller holds the lock.
func (g *gateway) introduce(s *shown) {
	if !g.house.ha.Off {
		g.house.board.putLater(discovered, g.house.topics.Discovery(s.id()), func() []byte { return g.introduction(s) })
	}
}

// introduction writes a thing's discovery document.
func (g *gateway) introduction(s *shown) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := device{
		Identifiers:  []string{s.id()},
		Name:         s.title + s.serial,
		Manufacturer: "Enphase",
		Model:        s.model,
		Serial:       s.serial,
		Software:     s.software,
		Hardware:     s.hardware,
		Via:          schema.GatewayID(g.serial),
	}
	cs := s.components(g.thingTopic(s.thing))
	for key, platform := range s.gone {
		if _, told := cs[key]; !told {
			cs[key] = component{Platform: platform}
		}
	}
	return g.house.document(d, g.availability(), cs)
}

// dismiss takes a thing from Home Assistant, and then its document from the broker.
func (g *gateway) dismiss(id, topic string) {
	if !g.house.ha.Off {
		g.house.board.put(discovered, retained(g.house.topics.Discovery(id), ""), time.Time{})
	}
	g.house.board.retire(topic)
}

// forgetThings takes everything behind a gateway that was replaced off the board.
func (g *gateway) forgetThings() {
	for _, known := range g.things {
		for _, s := range known {
			g.house.board.forget(g.house.topics.Discovery(s.id()), g.thingTopic(s.thing))
		}
	}
	g.things, g.rounds = map[string]things{}, map[string]int{}
}
