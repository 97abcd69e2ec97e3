// Package hasstest checks Home Assistant discovery messages as Home Assistant
// does, and by this project's own rules besides.
//
// Home Assistant sends no answer: a message that it rejects is a line in its
// log and a missing device. So a test checks every rule before a message is
// sent. The facts behind the rules are in ha.json, compiled from Home Assistant
// Core 2026.9; a rule that only the passing of time can break (the order on
// connect, counters that fall) belongs to the tests of the bridge itself.
package hasstest

import (
	"cmp"
	"fmt"
	"strings"
)

// A Severity says what becomes of a message that breaks a rule.
type Severity string

// The severities, the worst first.
const (
	MessageLost   Severity = "E" // Home Assistant refuses the whole message
	ComponentLost Severity = "e" // the component is dropped, or its state is refused
	Warning       Severity = "W" // accepted, but warned of or of no use
	House         Severity = "H" // a rule of ours, not Home Assistant's
)

// A Message is one MQTT publication of the bridge.
type Message struct {
	Topic   string
	Payload []byte
	Retain  bool
	QoS     byte
	Expiry  uint32 // MQTT 5 Message Expiry Interval, s; 0 means none
	// Ack means the broker's acknowledgement of the latest message on Topic, in
	// place of a message. The rules that need acknowledgements are left out if a
	// recording has none.
	Ack bool
}

// Options say what the messages are checked against. The zero value stands for
// a bridge with the default names of which only the discovery messages are known.
type Options struct {
	Prefix string // of the discovery topics, "" means homeassistant
	Base   string // of the bridge's own topics, "" means envoy

	// Published holds the last payload of each retained topic that the bridge
	// publishes under Base. Nil leaves the rules out that need it.
	Published map[string]string
	// Expiry holds the Message Expiry Interval in seconds of each topic in
	// Published, 0 or absent for none. Nil leaves the rule out that needs it.
	Expiry map[string]uint32
	// Ignore lists what is published without being an entity, as patterns of
	// [path.Match]. The live topics, bridge/info, bridge/state and
	// availability are known and need no pattern.
	Ignore []string
	// Secrets are texts that must stand in no message; "" is passed over.
	Secrets []string
}

// A Finding is one broken rule.
type Finding struct {
	Severity  Severity
	Rule      int    // one number for each rule, the same for all its severities
	Topic     string // of the discovery message, or of the state
	Component string // key of the component, "" for the message itself
	Text      string
}

// String returns the finding as one line, "e21 topic component: text".
func (f Finding) String() string {
	where := strings.TrimSpace(f.Topic + " " + f.Component)
	return fmt.Sprintf("%s%d %s: %s", f.Severity, f.Rule, where, f.Text)
}

// Check returns what is wrong with msgs, the discovery messages in the order in
// which the bridge published them. A topic that comes again is an update of the
// device. What concerns several devices is checked on the last message of each.
func Check(msgs []Message, opts Options) []Finding {
	opts.Prefix = cmp.Or(opts.Prefix, "homeassistant")
	opts.Base = cmp.Or(opts.Base, "envoy")
	c := checker{opts: opts, seen: map[Finding]bool{}, first: map[string]int{}}
	last := map[string]*document{}
	order := newOrder(&c, msgs)
	for i, m := range msgs {
		if m.Ack {
			order.acknowledge(m.Topic)
			continue
		}
		if _, before := c.first[m.Topic]; !before {
			c.first[m.Topic] = i
		}
		c.topic, c.component = m.Topic, ""
		doc := c.message(m)
		if doc == nil {
			continue
		}
		order.add(doc)
		if before := last[m.Topic]; before != nil {
			c.update(before, doc)
		}
		last[m.Topic] = doc
	}
	c.together(last)
	return c.findings
}

// A checker collects findings about the place at which it stands.
type checker struct {
	opts     Options
	findings []Finding
	seen     map[Finding]bool
	first    map[string]int // when a topic came first

	topic, component string
}

func (c *checker) add(s Severity, rule int, format string, args ...any) {
	f := Finding{s, rule, c.topic, c.component, fmt.Sprintf(format, args...)}
	if c.seen[f] {
		return // the same message again
	}
	c.seen[f] = true
	c.findings = append(c.findings, f)
}

// bridge returns the identifier of the bridge's own device.
func (c *checker) bridge() string {
	return strings.ReplaceAll(c.opts.Base, "/", "_") + "_bridge"
}
