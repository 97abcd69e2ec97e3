package hass

import (
	"maps"
	"reflect"
	"slices"
)

// An Entity is an entity of a device: a component, which many devices share, and
// what the device adds to it.
type Entity struct {
	Component   *Component // without unique id, state topic and expiry; must not change
	ExpireAfter uint32     // s; 0 means never
}

// equal reports whether e and other have the same content.
func (e Entity) equal(other Entity) bool {
	isEqual := e.Component == other.Component || reflect.DeepEqual(e.Component, other.Component)
	return isEqual && e.ExpireAfter == other.ExpireAfter
}

// stateTopic returns the topic of the state of an entity of a device whose topic is
// base.
func (c *Component) stateTopic(base string) string {
	if c.Topic == "" {
		return base
	}
	return base + "/" + c.Topic
}

// indexOf returns the index of the entity with an object id, or -1.
func indexOf(entities []Entity, id string) int {
	return slices.IndexFunc(entities, func(e Entity) bool { return e.Component.ID == id })
}

// A content is what a discovery document contains. It does not change, so that the
// document is encoded when it is sent.
type content struct {
	template *Document // without device and components
	info     *DeviceInfo
	base     string // topic of the device
	entities []Entity
	removed  map[string]Component // whose entities Home Assistant must remove
	carried  map[string]Component // whole components of previous runs
}

// component returns the whole component of an entity.
func (c content) component(e Entity) Component {
	whole := *e.Component
	whole.UniqueID = c.info.id() + "_" + whole.ID
	whole.StateTopic = whole.stateTopic(c.base)
	whole.ExpireAfter = e.ExpireAfter
	if whole.IsKnownOffline {
		whole.Availability = c.template.Availability[:1]
	}
	return whole
}

// encode returns the document.
func (c content) encode() []byte {
	d := *c.template
	d.Info = *c.info
	d.Components = make(map[string]Component, len(c.entities)+len(c.removed))
	maps.Copy(d.Components, c.carried)
	for _, e := range c.entities {
		d.Components[e.Component.ID] = c.component(e)
	}
	for id, r := range c.removed {
		d.Components[id] = Component{Platform: r.Platform}
	}
	return mustMarshal(d)
}
