package hasstest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// fieldOnly matches the only template of a state that we use: a field of a JSON
// document, with a default for documents without it, which Home Assistant would log.
var fieldOnly = regexp.MustCompile(`^\{\{ *value_json((?:\.[A-Za-z_][A-Za-z0-9_]*)+)( *\| *default\((?:none|None)\))? *\}\}$`)

// checkTemplate checks a template's delimiters, not the expressions between them.
func (c *checker) checkTemplate(s Severity, key, template string) {
	if !isClosed(template) {
		c.add(s, ruleTemplate, "%s: an expression is empty or not closed", key)
		return
	}
	if key == "command_template" {
		if !valueOnly.MatchString(template) {
			c.add(OwnRule, ruleTemplate, "%s is more than JSON with {{ value }}", key)
		}
		return
	}
	if !fieldOnly.MatchString(template) {
		c.add(OwnRule, ruleTemplate, "%s is more than {{ value_json.<field> }}", key)
	}
}

// isClosed reports whether each expression and statement of a template ends and is not
// empty.
func isClosed(template string) bool {
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

// render returns the state that a component derives from payload. It adds a finding if
// the template does not fit the payload.
func (c stateChecker) render(payload string) (state string, ok bool) {
	m := c.m
	template, ok := m["value_template"].(string)
	if !ok {
		return payload, true
	}
	match := fieldOnly.FindStringSubmatch(template)
	if match == nil {
		return "", false // reported by checkTemplate
	}
	object, err := decode([]byte(payload))
	if err != nil {
		c.add(Warning, ruleTemplate, "value_template on a topic without a JSON object")
		return "", false
	}
	var v any = object
	for field := range strings.SplitSeq(match[1][1:], ".") {
		object, _ := v.(map[string]any)
		if v, ok = object[field]; !ok && match[2] != "" {
			return "None", true
		} else if !ok {
			c.add(OwnRule, ruleTemplate, "%s does not contain %s", text(m, "state_topic"), match[1][1:])
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
	c.add(OwnRule, ruleTemplate, "%s of %s is no single value", match[1][1:], text(m, "state_topic"))
	return "", false
}
