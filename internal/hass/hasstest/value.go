package hasstest

import (
	"encoding/json"
	"slices"
	"strings"
)

// checkValue checks v by the kind of value of key. s is the severity if it is wrong.
// Keys with a rule of their own pass.
func (c *checker) checkValue(s Severity, key string, v any) {
	str, isText := v.(string)
	number, isNumber := v.(json.Number)
	switch kind := ha.Kinds[key]; kind {
	case "text":
		if !isScalar(v) {
			c.add(s, ruleKeys, "%s is no text", key)
		} else if !isText {
			c.add(OwnRule, ruleKeys, "%s is not written as text", key)
		}
		if key == "encoding" && str != "utf-8" {
			c.add(Warning, ruleTransport, "encoding is not utf-8")
		}
	case "topic", "publish":
		if !isText {
			c.add(s, ruleEntityTopics, "%s is no text", key)
			return
		}
		c.checkTopic(s, key, str, kind == "publish")
	case "template":
		if !isText {
			c.add(s, ruleTemplate, "%s is no text", key)
			return
		}
		c.checkTemplate(s, key, str)
	case "bool":
		if _, ok := v.(bool); !ok {
			c.add(boolSeverity(s, v), ruleEnabled, "%s is not true or false", key)
		}
	case "count":
		if n, err := number.Int64(); err != nil || n < 0 {
			c.add(s, ruleExpiry, "%s is no integer from 0 up", key)
		}
	case "qos":
		if !slices.Contains([]json.Number{"0", "1", "2"}, number) {
			c.add(s, ruleTransport, "qos is not 0, 1 or 2")
		}
	case "number":
		if !isNumber {
			c.add(s, ruleKeys, "%s is no number", key)
		}
	case "list":
		if list, ok := texts(v); !ok || len(list) == 0 {
			c.add(s, ruleKeys, "%s is no list of texts", key)
		}
	case "url":
		if !isURL(v, "http", "https") {
			c.add(s, ruleIcon, "%s is no web address", key)
		}
	}
}

// boolSeverity distinguishes the values that Home Assistant accepts as a boolean from others.
func boolSeverity(s Severity, v any) Severity {
	words := []string{"1", "true", "yes", "on", "enable", "0", "false", "no", "off", "disable"}
	str, _ := v.(string)
	if _, isNumber := v.(json.Number); isNumber || slices.Contains(words, strings.ToLower(str)) {
		return OwnRule
	}
	return s
}
