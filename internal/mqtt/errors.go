package mqtt

import (
	"errors"
	"fmt"
)

// Errors of operations that need a connection.
var (
	ErrNotConnected = errors.New("no connection to the broker")
	// ErrInvalidPacket reports a packet that MQTT does not allow. It is not sent,
	// because a broker ends the connection when it receives one.
	ErrInvalidPacket = errors.New("MQTT forbids such a packet")

	errClientClosed = errors.New("the client was closed")
)

// Reasons for the end of a connection, beside a [ReasonCode].
var (
	ErrClosedByBroker = errors.New("the broker closed the connection")
	ErrPacketTooLarge = fmt.Errorf("a packet larger than the %d bytes that the broker may send", maxPacketSize)
	ErrPingTimeout    = errors.New("the broker has not answered for 5 s")
)

// A TooLargeError reports a message that is larger than the broker accepts. It
// cannot be sent over this connection.
type TooLargeError struct {
	topic       string
	size, limit int // in bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("publish %s: %d bytes are more than the %d that the broker accepts in a packet; raise its limit", e.topic, e.size, e.limit)
}

// Problem returns the topic: each topic is a problem of its own.
func (e *TooLargeError) Problem() any { return e.topic }

// A resolveError is an error of [Config.Resolve], or of the URL that it returned.
type resolveError struct{ error }

func (e *resolveError) Unwrap() error { return e.error }
