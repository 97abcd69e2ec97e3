package hasstest

import (
	"strings"
	"unicode"
)

// Names of topics. Rules 17 and 29.

const maxTopic = 65535 // bytes, by MQTT

// checkTopic checks a topic that Home Assistant subscribes to, or publishes to.
func (c *checker) checkTopic(s Severity, key, topic string, publish bool) {
	if topic == "" || len(topic) > maxTopic || strings.ContainsFunc(topic, unicode.IsControl) {
		c.add(s, 17, "%s is empty, too long or has control characters", key)
		return
	}
	if strings.ContainsAny(topic, "+#") {
		if !publish {
			s = House // Home Assistant would subscribe
		}
		c.add(s, 17, "%s has a wildcard", key)
	}
	if !strings.HasPrefix(topic, c.opts.Base+"/") {
		c.add(House, 17, "%s is not under %s", key, c.opts.Base)
	}
	if c.live(topic) {
		s, rule := House, 17
		if key == "json_attributes_topic" {
			s, rule = Warning, 29
		}
		c.add(s, rule, "%s is a live topic, neither retained nor slow", key)
	}
}
