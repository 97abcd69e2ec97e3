package hasstest

import (
	"strings"
	"unicode/utf8"
)

const maxName = 60 // characters that a list in the user interface shows

func (c componentChecker) checkName() {
	v, ok := c.p.own["name"]
	if ok && v == nil {
		return // the device's name
	}
	name, isText := v.(string)
	device := strings.ToLower(text(c.doc.device, "name"))
	switch {
	case !isText && ok && !isScalar(v):
		c.add(ComponentLost, ruleName, "name is no text")
	case !isText:
		c.add(OwnRule, ruleName, "name is missing or not written as text")
	case name == "", utf8.RuneCountInString(name) > maxName, strings.TrimSpace(name) != name:
		c.add(OwnRule, ruleName, "name %q is empty, long or padded", name)
	case device != "" && strings.HasPrefix(strings.ToLower(name), device):
		c.add(OwnRule, ruleName, "name %q repeats the device's", name)
	}
}

// checkNames checks that the entities of a device can be distinguished.
func (c documentChecker) checkNames() {
	type name struct{ text, platform string } // the device's own name once for each platform
	taken := map[name]string{}
	for _, p := range c.doc.components {
		s, n := Warning, name{text: text(p.own, "name")}
		if v, ok := p.own["name"]; ok && v == nil {
			s, n = OwnRule, name{platform: p.platform()}
		}
		if n == (name{}) {
			continue
		}
		if other, ok := taken[n]; ok {
			c.component = p.key
			c.add(s, ruleName, "has the same name as %s", other)
		}
		taken[n] = p.key
	}
	c.component = ""
}
