package mqtt

import "fmt"

// minFailure is the first reason code of MQTT that reports a failure.
const minFailure = 0x80

// A ReasonCode is a reason code of MQTT 5: why a broker has rejected a packet or
// ended the connection. It is an error.
type ReasonCode byte

// Reason codes of a broker that does not support a flag of a message.
const (
	retainUnsupported ReasonCode = 0x9a
	qosUnsupported    ReasonCode = 0x9b
)

// Error returns the reason, and what to do about it if anything.
func (r ReasonCode) Error() string {
	if text, ok := reasonTexts[r]; ok {
		return text
	}
	return fmt.Sprintf("the broker says only: reason 0x%02x", byte(r))
}

var reasonTexts = map[ReasonCode]string{
	0x00:              "the broker said goodbye",
	0x81:              "the broker found a malformed packet",
	0x82:              "the broker found an error in the protocol",
	0x84:              "the broker does not speak MQTT 5, which is needed (Mosquitto 1.6 or newer)",
	0x85:              "the broker does not take the client id: set another CLIENT_ID",
	0x86:              "wrong user name or password: check USERNAME and PASSWORD of [MQTT]",
	0x87:              "not authorised: wrong user name or password (USERNAME and PASSWORD of [MQTT]), or the broker's access list forbids it",
	0x88:              "the broker is not available at the moment",
	0x89:              "the broker is busy",
	0x8a:              "the broker has banned this client: ask who runs it",
	0x8b:              "the broker is shutting down",
	0x8c:              "the broker wants another way of authentication than user name and password",
	0x8d:              "the broker has heard nothing for longer than the keep-alive",
	0x8e:              "another client with the same client id has taken over: set a CLIENT_ID that no other client has",
	0x8f:              "the broker does not take the topic filter",
	0x90:              "the broker does not take the topic: check TOPIC and PREFIX",
	0x93:              "the broker got more messages at once than it takes",
	0x95:              "the broker got a larger packet than it takes",
	0x96:              "the broker gets too many messages: raise INTERVAL",
	0x97:              "the broker's quota is used up",
	0x98:              "the broker's administrator ended the connection",
	retainUnsupported: "the broker does not keep retained messages",
	qosUnsupported:    "the broker does not take messages of QoS 1",
	0x9c:              "the broker says to use another server: check URL",
	0x9d:              "the broker has moved: check URL",
	0x9f:              "the broker takes no more connections at the moment",
	0xa2:              "the broker does not take wildcards in subscriptions",
}
