package hasstest

import (
	"encoding/json"
	"slices"
	"strings"
)

// The values of keys. Rules 13, 17, 27, 29 and 31 to 33.

// checkValue checks v by the kind of value that key takes; s is what becomes of the
// whole when it is wrong. Keys with a rule of their own pass.
func (c *checker) checkValue(s Severity, key string, v any) {
	str, isText := v.(string)
	number, isNumber := v.(json.Number)
	switch kind := ha.Kinds[key]; kind {
	case "text":
		if !scalar(v) {
			c.add(s, 13, "%s is no text", key)
		} else if !isText {
			c.add(House, 13, "%s is not written as text", key)
		}
		if key == "encoding" && str != "utf-8" {
			c.add(Warning, 29, "encoding is not utf-8")
		}
	case "topic", "publish":
		if !isText {
			c.add(s, 17, "%s is no text", key)
			return
		}
		c.checkTopic(s, key, str, kind == "publish")
	case "template":
		if !isText {
			c.add(s, 33, "%s is no text", key)
			return
		}
		c.checkTemplate(s, key, str)
	case "bool":
		if _, ok := v.(bool); !ok {
			c.add(boolSeverity(s, v), 32, "%s is not true or false", key)
		}
	case "count":
		if n, err := number.Int64(); err != nil || n < 0 {
			c.add(s, 27, "%s is no integer from 0 up", key)
		}
	case "qos":
		if !slices.Contains([]json.Number{"0", "1", "2"}, number) {
			c.add(s, 29, "qos is not 0, 1 or 2")
		}
	case "number":
		if !isNumber {
			c.add(s, 13, "%s is no number", key)
		}
	case "list":
		if list, ok := texts(v); !ok || len(list) == 0 {
			c.add(s, 13, "%s is no list of texts", key)
		}
	case "url":
		if !isURL(v, "http", "https") {
			c.add(s, 31, "%s is no web address", key)
		}
	}
}

// boolSeverity distinguishes the values that Home Assistant accepts as a boolean from others.
func boolSeverity(s Severity, v any) Severity {
	words := []string{"1", "true", "yes", "on", "enable", "0", "false", "no", "off", "disable"}
	str, _ := v.(string)
	if _, isNumber := v.(json.Number); isNumber || slices.Contains(words, strings.ToLower(str)) {
		return House
	}
	return s
}
