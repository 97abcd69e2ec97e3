package bridge

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/eclipse/paho.golang/paho"
)

// errForbidden reports a packet that MQTT forbids. A broker ends the connection
// that such a packet comes over, so it is not sent.
var errForbidden = errors.New("MQTT forbids such a packet")

// longest is how many bytes a string may have in a packet.
const longest = 1<<16 - 1

// checkString returns an error unless MQTT allows s in a packet. Brokers may
// treat control characters and noncharacters as malformed, and Mosquitto does.
func checkString(what, s string) error {
	if len(s) > longest {
		return fmt.Errorf("%w: %s of %d bytes, at most %d are allowed", errForbidden, what, len(s), longest)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s %q is not UTF-8", errForbidden, what, s)
	}
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe {
			return fmt.Errorf("%w: %s %q has the character %U", errForbidden, what, s, r)
		}
	}
	return nil
}

// checkTopic returns an error unless a message can be published to topic.
func checkTopic(topic string) error {
	switch {
	case topic == "":
		return fmt.Errorf("%w: no topic", errForbidden)
	case strings.ContainsAny(topic, "+#"):
		return fmt.Errorf("%w: topic %q has a wildcard", errForbidden, topic)
	}
	return checkString("topic", topic)
}

// checkFilter returns an error unless the topic filter of s is valid.
func (s subscription) checkFilter() error {
	levels := strings.Split(s.topic, "/")
	for i, level := range levels {
		if strings.ContainsAny(level, "+#") && len(level) > 1 || level == "#" && i < len(levels)-1 {
			return fmt.Errorf("%w: topic filter %q has a wildcard that is not a whole level, or # before the end", errForbidden, s.topic)
		}
	}
	switch {
	case s.topic == "":
		return fmt.Errorf("%w: no topic filter", errForbidden)
	case levels[0] == "$share" && (s.noLocal || len(levels) < 3 || levels[1] == "" || strings.ContainsAny(levels[1], "+#")):
		return fmt.Errorf("%w: topic filter %q is not that of a shared subscription", errForbidden, s.topic)
	}
	return checkString("topic filter", s.topic)
}

// checkFilters returns an error unless a SUBSCRIBE or UNSUBSCRIBE with these
// topic filters is allowed and has at most limit bytes.
func checkFilters(limit int, subs ...subscription) error {
	if len(subs) == 0 {
		return fmt.Errorf("%w: no topic filters", errForbidden)
	}
	const header, packetID, properties, length, options = 5, 2, 1, 2, 1
	size := header + packetID + properties
	for _, s := range subs {
		if err := s.checkFilter(); err != nil {
			return err
		}
		size += length + len(s.topic) + options
	}
	if size > limit {
		return fmt.Errorf("%w: %d bytes are more than the %d that a packet may have", errForbidden, size, limit)
	}
	return nil
}

// checkConnect returns an error unless p is allowed. It does not quote the user
// name and the password.
func checkConnect(p *paho.Connect) error {
	if len(p.Password) > longest {
		return fmt.Errorf("%w: the password has more than %d bytes", errForbidden, longest)
	}
	if checkString("user name", p.Username) != nil {
		return fmt.Errorf("%w: the user name is too long or has characters that are not allowed", errForbidden)
	}
	if err := checkString("client id", p.ClientID); err != nil || p.WillMessage == nil {
		return err
	}
	return checkTopic(p.WillMessage.Topic)
}

// appendPublish appends m as a PUBLISH of QoS 0. That has no state and no
// answer, so nothing of the client is needed for it, which would allocate
// some 600 bytes in 15 pieces.
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

// size returns an upper bound of the bytes that m takes on the wire.
func (m Message) size() int {
	const header, packetID, expiry, lengths = 5, 2, 5, 2 + 4
	return header + packetID + expiry + lengths + len(m.Topic) + len(m.Payload)
}
