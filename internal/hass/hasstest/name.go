package hasstest

import (
	"strings"
	"unicode/utf8"
)

// Names of entities. Rule 30.

const maxName = 60 // characters that a list in the user interface shows

func (c componentChecker) checkName() {
	v, ok := c.p.own["name"]
	if ok && v == nil {
		return // the device's name
	}
	name, isText := v.(string)
	device := strings.ToLower(text(c.doc.device, "name"))
	switch {
	case !isText && ok && !scalar(v):
		c.add(ComponentLost, 30, "name is no text")
	case !isText:
		c.add(House, 30, "name is missing or not written as text")
	case name == "", utf8.RuneCountInString(name) > maxName, strings.TrimSpace(name) != name:
		c.add(House, 30, "name %q is empty, long or padded", name)
	case device != "" && strings.HasPrefix(strings.ToLower(name), device):
		c.add(House, 30, "name %q repeats the device's", name)
	}
}

// checkNames checks that the entities of a device can be distinguished.
func (c documentChecker) checkNames() {
	type name struct{ text, platform string } // the device's own name once for each platform
	taken := map[name]string{}
	for _, p := range c.doc.components {
		s, n := Warning, name{text: text(p.own, "name")}
		if v, ok := p.own["name"]; ok && v == nil {
			s, n = House, name{platform: p.platform()}
		}
		if n == (name{}) {
			continue
		}
		if other, ok := taken[n]; ok {
			c.component = p.key
			c.add(s, 30, "has the same name as %s", other)
		}
		taken[n] = p.key
	}
	c.component = ""
}
