package hasstest

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

// Options are what the messages are checked against. The zero value is a bridge with
// the default topics, of which only the discovery messages are known.
type Options struct {
	Prefix string // of the discovery topics, "" means homeassistant
	Base   string // of the bridge's own topics, "" means envoy

	// Published contains the last payload of each retained topic that the bridge
	// publishes under Base. Nil disables the rules that need it.
	Published map[string]string
	// Expiry contains the Message Expiry Interval in seconds of each topic in
	// Published, 0 or absent for none. Nil disables the rule that needs it.
	Expiry map[string]uint32
	// Ignore lists what is published without being an entity, as patterns of
	// [path.Match]. The live topics, bridge/info, bridge/state and
	// availability are known and need no pattern.
	Ignore []string
	// Secrets are texts that no message may contain; "" is ignored.
	Secrets []string
}
