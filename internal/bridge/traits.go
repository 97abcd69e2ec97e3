package bridge

import (
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A trait is one thing that a D tells of itself. Its row is the only place that
// knows it: the document and Home Assistant's entity derive from it.
type trait[D any] struct {
	key  string    // in the document, and at the end of the unique id
	is   component // without ids and topics
	text func(D) string
}

// The texts of traits are JSON; an empty one is what was not told.

func number[D any](decimals int, of func(D) envoy.Told[float64]) func(D) string {
	return func(d D) string {
		v, ok := of(d).Get()
		if !ok {
			return ""
		}
		return string(schema.AppendNumber(nil, v, decimals))
	}
}

func words[D any](of func(D) string) func(D) string {
	return func(d D) string {
		if s := of(d); s != "" {
			return strconv.Quote(s) // of printable ASCII, as package envoy has it
		}
		return ""
	}
}

func moment[D any](of func(D) time.Time) func(D) string {
	return func(d D) string {
		if t := of(d); !t.IsZero() {
			return `"` + t.UTC().Format(time.RFC3339) + `"`
		}
		return ""
	}
}

func yes[D any](of func(D) envoy.Told[bool]) func(D) string {
	return func(d D) string {
		if v, ok := of(d).Get(); ok {
			return strconv.FormatBool(v)
		}
		return ""
	}
}

// A traitSet is some rows of a table of traits, a bit each.
type traitSet uint64

func (s traitSet) has(row int) bool { return s>>row&1 == 1 }

// tell writes what d tells as a JSON document, and returns which traits are in it.
func tell[D any](d D, traits []trait[D]) (document []byte, told traitSet) {
	document = append(document, '{')
	for row, t := range traits {
		text := t.text(d)
		if text == "" {
			continue
		}
		if told != 0 {
			document = append(document, ',')
		}
		told |= 1 << row
		document = append(document, '"')
		document = append(document, t.key...)
		document = append(document, '"', ':')
		document = append(document, text...)
	}
	return append(document, '}'), told
}

// entities returns the components of a device's document that has told those
// traits. What is missing once is unknown, not an error in Home Assistant's log.
func entities[D any](id, topic string, traits []trait[D], told traitSet, life time.Duration) map[string]component {
	cs := map[string]component{}
	for row, t := range traits {
		if !told.has(row) {
			continue
		}
		c := t.is
		c.UniqueID, c.StateTopic = id+"_"+t.key, topic
		c.Template = "{{ value_json." + t.key + " | default(none) }}"
		if c.StateClass != "total_increasing" {
			c.ExpireAfter = seconds(life)
		}
		if c.Platform == "binary_sensor" {
			c.PayloadOn, c.PayloadOff = "True", "False" // a boolean in a template
		}
		cs[t.key] = c
	}
	return cs
}

// measuring is a sensor of what is measured at a moment. A class without a
// decimal is displayed without one.
func measuring(name, class, unit string, displayed int) component {
	return component{Platform: "sensor", Name: name, DeviceClass: class, StateClass: "measurement", Unit: unit, Precision: new(displayed)}
}

func counting(name, unit string, displayed int) component {
	return component{Platform: "sensor", Name: name, DeviceClass: "energy", StateClass: "total_increasing", Unit: unit, Precision: new(displayed)}
}

func storing(name string) component { return measuring(name, "energy_storage", "kWh", 2) }

func saying(name string, options ...string) component {
	c := component{Platform: "sensor", Name: name}
	if len(options) > 0 {
		c.DeviceClass, c.Options = "enum", options
	}
	return c
}

func whether(name, class string) component {
	return component{Platform: "binary_sensor", Name: name, DeviceClass: class}
}

func reported() component { return saying("Last reported").dated().internal() }

// internal makes c a diagnostic.
func (c component) internal() component { c.Category = diagnostic; return c }

// off makes c an entity that is there for those who enable it.
func (c component) off() component { c.Enabled = new(false); return c }

func (c component) dated() component { c.DeviceClass = "timestamp"; return c }
