// Package hasstest checks Home Assistant discovery messages as Home Assistant
// does, and by this project's own rules. rules.go lists the rules.
//
// Home Assistant sends no answer: a message that it rejects is a line in its
// log and a missing device. The facts behind the rules are in ha.json, compiled
// from Home Assistant Core 2026.9. Rules about time (the order on connect,
// decreasing counters) belong to the tests of the bridge itself.
package hasstest

import "cmp"

// Check returns what is wrong with msgs, the discovery messages in the order in
// which the bridge published them. A second message of a topic is an update of the
// device. Rules about several devices apply to the last message of each.
func Check(msgs []Message, opts Options) []Finding {
	opts.Prefix = cmp.Or(opts.Prefix, "homeassistant")
	opts.Base = cmp.Or(opts.Base, "envoy")
	c := &checker{opts: opts, seen: map[Finding]bool{}}
	all := messageSet{checker: c, last: map[string]*document{}, first: map[string]int{}}
	order := newOrder(c, msgs)
	for i, m := range msgs {
		if m.Ack {
			order.acknowledge(m.Topic)
			continue
		}
		c.topic, c.component = m.Topic, ""
		doc := c.checkMessage(m)
		if doc != nil {
			order.add(doc)
		}
		all.receive(m.Topic, i, doc)
	}
	all.check()
	return c.findings
}
