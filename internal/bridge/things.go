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
	told     traitSet // in its documents
	entities func(id, topic string, told traitSet, life time.Duration) map[string]component
}

// A report is what a thing has just told.
type report struct {
	thing
	document []byte
}

// lives is how many answers a document outlives: it expires when that many did not come.
const lives = 4

// life is how long what is told every so often stands.
func (g *gateway) life(every time.Duration) time.Duration {
	return max(lives*every, g.feed.StaleAfter)
}

// reportOf makes a report of what d tells. The caller has no lock of g's.
func reportOf[D any](g *gateway, kind, serial string, d D, traits []trait[D], is device) report {
	is.Serial = serial
	r := report{thing: thing{
		id:     "envoy_" + kind + "_" + serial,
		topic:  g.house.topics.thing(g.known(), kind, serial),
		device: is,
		entities: func(id, topic string, told traitSet, life time.Duration) map[string]component {
			return entities(id, topic, traits, told, life)
		},
	}}
	r.document, r.told = tell(d, traits)
	return r
}

// things are what was shown of one kind, by id.
type things map[string]*shown

type shown struct {
	thing
	life   time.Duration
	missed int               // complete answers in a row without it
	gone   map[string]string // platforms of the entities that an earlier run announced and this one has not, by key
}

// components are the entities of all that the thing has told.
func (s *shown) components() map[string]component {
	return s.entities(s.id, s.topic, s.told, s.life)
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
		seen[r.id] = true
		s := known[r.id]
		news := s == nil
		if news {
			s = &shown{thing: r.thing, life: life}
			known[s.id] = s
		}
		g.house.board.put(stated, Message{Topic: s.topic, Payload: r.document, QoS: 1}, time.Now().Add(life))
		all := s.told | r.told // what is missing once is no reason to remove it
		if news || all != s.told || !s.device.equal(r.device) {
			s.told, s.device = all, r.device
			g.introduce(s)
		}
		s.missed = 0
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
	if !g.house.ha.Off {
		g.house.board.putLater(discovered, g.house.topics.config(s.id), func() []byte { return g.introduction(s) })
	}
}

// introduction writes a thing's discovery document.
func (g *gateway) introduction(s *shown) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := s.device
	d.Identifiers, d.Manufacturer, d.Via = []string{s.id}, "Enphase", "envoy_"+g.serial
	a := announcement{Device: d, Origin: g.house.origin(), Availability: g.availability(), Mode: "all", Components: s.components()}
	for key, platform := range s.gone {
		if _, told := a.Components[key]; !told {
			a.Components[key] = component{Platform: platform}
		}
	}
	return a.marshal()
}

// dismiss takes a thing from Home Assistant and its document from the broker.
func (g *gateway) dismiss(id, topic string) {
	g.house.board.put(stated, retained(topic, ""), time.Time{})
	if !g.house.ha.Off {
		g.house.board.put(discovered, retained(g.house.topics.config(id), ""), time.Time{})
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
