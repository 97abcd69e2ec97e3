package mqtt

import (
	"math"

	"github.com/eclipse/paho.golang/paho"
)

// maxPacketSize is the largest packet sent or received, in bytes. A broker
// disconnects a client that exceeds its own limit, whether or not it has
// announced the limit.
const maxPacketSize = 256 << 10

// Capabilities are what the broker of a connection supports.
type Capabilities struct {
	MaxPacketSize   uint32 // largest packet that it accepts, in bytes; 0 means that it announced no limit
	MaxQoS          byte   // 0 or 1
	RetainAvailable bool
	ReceiveMaximum  uint16 // messages of QoS 1 without an acknowledgement that it accepts
}

// allCapabilities is what a client requests first.
var allCapabilities = Capabilities{MaxQoS: 1, RetainAvailable: true, ReceiveMaximum: math.MaxUint16}

// reduceFor removes the capability that a broker has rejected a CONNECT for. It
// reports whether c had it.
func (c *Capabilities) reduceFor(code ReasonCode) bool {
	before := *c
	switch code {
	case qosUnsupported:
		c.MaxQoS = 0
	case retainUnsupported:
		c.RetainAvailable = false
	}
	return *c != before
}

// confirmedBy returns the capabilities of c that the broker has, by its CONNACK.
func (c Capabilities) confirmedBy(p *paho.ConnackProperties) Capabilities {
	if p == nil {
		return c
	}
	c.RetainAvailable = c.RetainAvailable && p.RetainAvailable
	if p.MaximumPacketSize != nil {
		c.MaxPacketSize = *p.MaximumPacketSize
	}
	if p.ReceiveMaximum != nil {
		c.ReceiveMaximum = *p.ReceiveMaximum
	}
	if p.MaximumQoS != nil {
		c.MaxQoS = min(*p.MaximumQoS, c.MaxQoS)
	}
	return c
}

// Missing names what the broker does not support, or returns "".
func (c Capabilities) Missing() string {
	switch {
	case c.MaxQoS == 0 && !c.RetainAvailable:
		return "QoS 1 and retain"
	case c.MaxQoS == 0:
		return "QoS 1"
	case !c.RetainAvailable:
		return "retain"
	}
	return ""
}

// packetLimit returns the largest packet that may be sent, in bytes.
func (c Capabilities) packetLimit() int {
	if c.MaxPacketSize == 0 {
		return maxPacketSize
	}
	return min(int(c.MaxPacketSize), maxPacketSize)
}
