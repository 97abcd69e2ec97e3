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
	return fmt.Sprintf("the broker gave only reason 0x%02x", byte(r))
}

var reasonTexts = map[ReasonCode]string{
	0x00:              "the broker ended the connection without an error",
	0x81:              "the broker found a malformed packet",
	0x82:              "the broker found an error in the protocol",
	0x84:              "the broker does not speak MQTT 5, which is needed (Mosquitto 1.6 or newer)",
	0x85:              "the broker rejects the client id; set another CLIENT_ID",
	0x86:              "wrong user name or password; check USERNAME and PASSWORD of [MQTT]",
	0x87:              "not authorised: wrong user name or password (USERNAME and PASSWORD of [MQTT]), or the broker's access list forbids it",
	0x88:              "the broker is not available at the moment",
	0x89:              "the broker is busy",
	0x8a:              "the broker has banned this client; ask its administrator",
	0x8b:              "the broker is shutting down",
	0x8c:              "the broker requires another authentication method than user name and password",
	0x8d:              "the broker received nothing within the keep-alive interval",
	0x8e:              "another client with the same client id has taken over; set a CLIENT_ID that no other client has",
	0x8f:              "the broker rejects the topic filter",
	0x90:              "the broker rejects the topic; check TOPIC and PREFIX",
	0x93:              "the broker received more messages at once than it accepts",
	0x95:              "the broker received a larger packet than it accepts; raise its limit",
	0x96:              "the broker receives too many messages; raise INTERVAL",
	0x97:              "the broker's quota is used up",
	0x98:              "the broker's administrator ended the connection",
	retainUnsupported: "the broker does not support retained messages",
	qosUnsupported:    "the broker does not support QoS 1",
	0x9c:              "the broker refers to another server; check URL",
	0x9d:              "the broker has moved; check URL",
	0x9f:              "the broker accepts no more connections at the moment",
	0xa2:              "the broker does not support wildcards in subscriptions",
}
