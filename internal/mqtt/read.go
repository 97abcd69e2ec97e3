package mqtt

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Read returns what the broker sends. It checks the first bytes of the
// connection, and the length of each packet before paho reserves that much memory.
func (c *netConn) Read(p []byte) (int, error) {
	if !c.sniffed {
		c.sniffed = true
		if err := c.sniffServer(); err != nil {
			c.closeWithError(err)
			return 0, err
		}
	}
	if c.remaining == 0 {
		if err := c.peekLength(); err != nil {
			return 0, c.readFailed(err)
		}
	}
	n, err := c.reader.Read(p[:min(len(p), c.remaining)])
	c.remaining -= n
	c.pings.extend()
	return n, c.readFailed(err)
}

// peekLength sets remaining to the length of the next packet.
func (c *netConn) peekLength() error {
	const minHeader, maxHeader = 2, 5 // bytes
	for n := minHeader; n <= maxHeader; n++ {
		header, err := c.reader.Peek(n)
		if err != nil {
			return err
		}
		if remaining, size := binary.Uvarint(header[1:]); size > 0 {
			if c.remaining = 1 + size + int(remaining); c.remaining > maxPacketSize {
				return fmt.Errorf("%w: %d bytes", ErrPacketTooLarge, c.remaining)
			}
			return nil
		}
	}
	return errors.New("a packet whose length is malformed")
}

// readFailed closes the connection if err is not nil, and returns err.
func (c *netConn) readFailed(err error) error {
	if isConnClosed(err) {
		c.closeWithError(fmt.Errorf("%w: %w", ErrClosedByBroker, err))
	} else if err != nil {
		c.closeWithError(fmt.Errorf("read from the broker: %w", err))
	}
	return err
}

// Errors for servers that do not speak MQTT 5. Paho would report them as EOF or
// as a malformed packet.
var (
	errMQTT3      = errors.New("the broker speaks only MQTT 3.1.1; MQTT 5 is needed (Mosquitto 1.6 or newer, EMQX, HiveMQ, VerneMQ, NanoMQ)")
	errTLSPort    = errors.New("the broker speaks TLS on this port; use mqtts:// (or wss://)")
	errWebServer  = errors.New("a web server answers on this port, not an MQTT broker; check the port, or use ws:// for MQTT over WebSocket")
	errNotMQTT    = errors.New("the server on this port is not an MQTT broker; check host and port")
	errNoResponse = errors.New("the broker ended the connection without an answer; it may not speak MQTT 5, speak TLS on this port (mqtts://), or reject this machine")
)

// sniffServer returns an error if the first four bytes are not those of an
// MQTT 5 broker. The CONNACK of MQTT 3.1.1 has two bytes after its header, that
// of MQTT 5 at least three.
func (c *netConn) sniffServer() error {
	const connack, auth, disconnect, alert = 0x20, 0xf0, 0xe0, 0x15
	b, err := c.reader.Peek(4)
	if len(b) == 0 {
		if isConnClosed(err) {
			return fmt.Errorf("%w: %w", errNoResponse, err)
		}
		return err
	}
	switch {
	case len(b) > 1 && b[0] == connack && b[1] == 2:
		return errMQTT3
	case len(b) > 1 && b[0] == alert && b[1] == 3:
		return errTLSPort
	case string(b) == "HTTP":
		return errWebServer
	case b[0] != connack && b[0] != auth && b[0] != disconnect:
		return errNotMQTT
	}
	return nil
}
