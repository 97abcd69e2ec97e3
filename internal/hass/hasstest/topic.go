package hasstest

import (
	"strings"
	"unicode"
)

const maxTopic = 65535 // bytes, by MQTT

// checkTopic checks a topic that Home Assistant subscribes to, or publishes to.
func (c *checker) checkTopic(s Severity, key, topic string, publish bool) {
	if topic == "" || len(topic) > maxTopic || strings.ContainsFunc(topic, unicode.IsControl) {
		c.add(s, ruleEntityTopics, "%s is empty, too long or has control characters", key)
		return
	}
	if strings.ContainsAny(topic, "+#") {
		if !publish {
			s = OwnRule // Home Assistant would subscribe
		}
		c.add(s, ruleEntityTopics, "%s has a wildcard", key)
	}
	if !strings.HasPrefix(topic, c.opts.Base+"/") {
		c.add(OwnRule, ruleEntityTopics, "%s is not under %s", key, c.opts.Base)
	}
	if c.isLiveTopic(topic) {
		s, rule := OwnRule, ruleEntityTopics
		if key == "json_attributes_topic" {
			s, rule = Warning, ruleTransport
		}
		c.add(s, rule, "%s is a live topic, neither retained nor slow", key)
	}
}
