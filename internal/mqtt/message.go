package mqtt

import "encoding/binary"

// A Message is one MQTT publication.
type Message struct {
	Topic   string
	Payload []byte
	Retain  bool
	QoS     byte   // 0 or 1
	Expiry  uint32 // after that the broker drops the message, in seconds; 0 means never
}

// appendPublish appends m as a PUBLISH packet of QoS 0. Such a packet has no
// state and no answer, so that paho is not needed, which would make 15
// allocations of 600 bytes in total.
func appendPublish(b []byte, m Message) []byte {
	const publish, retain, expiry = 0x30, 0x01, 0x02
	kind, properties := byte(publish), 0
	if m.Retain {
		kind |= retain
	}
	if m.Expiry > 0 {
		properties = 1 + 4
	}
	b = append(b, kind)
	b = binary.AppendUvarint(b, uint64(2+len(m.Topic)+1+properties+len(m.Payload)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.Topic)))
	b = append(b, m.Topic...)
	b = append(b, byte(properties))
	if m.Expiry > 0 {
		b = append(b, expiry)
		b = binary.BigEndian.AppendUint32(b, m.Expiry)
	}
	return append(b, m.Payload...)
}

// size returns an upper limit of the packet's size, in bytes.
func (m Message) size() int {
	const header, packetID, expiry, lengths = 5, 2, 5, 2 + 4
	return header + packetID + expiry + lengths + len(m.Topic) + len(m.Payload)
}
