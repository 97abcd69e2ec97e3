package hasstest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Templates. Rule 33.

// fieldOnly is the one template that we need: a field of a JSON document, which
// may be unknown where it is missing. Without the default Home Assistant would
// log each message that lacks it.
var fieldOnly = regexp.MustCompile(`^\{\{ *value_json((?:\.[A-Za-z_][A-Za-z0-9_]*)+)( *\| *default\((?:none|None)\))? *\}\}$`)

// checkTemplate checks a template's delimiters, not the expressions between them.
func (c *checker) checkTemplate(s Severity, key, template string) {
	if !closed(template) {
		c.add(s, 33, "%s: an expression is empty or not closed", key)
		return
	}
	if key == "command_template" {
		if !valueOnly.MatchString(template) {
			c.add(House, 33, "%s is more than JSON with {{ value }}", key)
		}
		return
	}
	if !fieldOnly.MatchString(template) {
		c.add(House, 33, "%s is more than {{ value_json.<field> }}", key)
	}
}

// closed reports whether each expression and statement of a template ends and
// says something.
func closed(template string) bool {
	for {
		i := strings.IndexByte(template, '{')
		if i < 0 {
			return true
		}
		template = template[i+1:]
		end := ""
		switch {
		case strings.HasPrefix(template, "{"):
			end = "}}"
		case strings.HasPrefix(template, "%"):
			end = "%}"
		default:
			continue
		}
		inner, rest, ok := strings.Cut(template[1:], end)
		if !ok || strings.TrimSpace(inner) == "" {
			return false
		}
		template = rest
	}
}

// render returns the state that a component makes of payload. It finds fault
// with a template that the payload does not suit.
func (c stateChecker) render(payload string) (state string, ok bool) {
	m := c.m
	template, ok := m["value_template"].(string)
	if !ok {
		return payload, true
	}
	match := fieldOnly.FindStringSubmatch(template)
	if match == nil {
		return "", false // more than we can follow, and refused already
	}
	object, err := decode([]byte(payload))
	if err != nil {
		c.add(Warning, 33, "value_template on a topic that holds no JSON object")
		return "", false
	}
	var v any = object
	for field := range strings.SplitSeq(match[1][1:], ".") {
		object, _ := v.(map[string]any)
		if v, ok = object[field]; !ok && match[2] != "" {
			return "None", true
		} else if !ok {
			c.add(House, 33, "%s does not hold %s", text(m, "state_topic"), match[1][1:])
			return "", false
		}
	}
	switch v := v.(type) {
	case nil:
		return "None", true
	case bool:
		return map[bool]string{true: "True", false: "False"}[v], true
	case json.Number:
		return v.String(), true
	case string:
		return v, true
	}
	c.add(House, 33, "%s of %s is no single value", match[1][1:], text(m, "state_topic"))
	return "", false
}
