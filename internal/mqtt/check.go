package mqtt

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/eclipse/paho.golang/paho"
)

// maxStringLength is MQTT's limit of a string in a packet, in bytes.
const maxStringLength = 1<<16 - 1

// checkString returns an error if MQTT does not allow s in a packet. It rejects
// control characters and noncharacters too: Mosquitto closes the connection for
// them.
func checkString(what, s string) error {
	if len(s) > maxStringLength {
		return fmt.Errorf("%w: %s of %d bytes, at most %d are allowed", ErrInvalidPacket, what, len(s), maxStringLength)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s %q is not UTF-8", ErrInvalidPacket, what, s)
	}
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe {
			return fmt.Errorf("%w: %s %q has the character %U", ErrInvalidPacket, what, s, r)
		}
	}
	return nil
}

// checkTopic returns an error if messages cannot be published to topic.
func checkTopic(topic string) error {
	switch {
	case topic == "":
		return fmt.Errorf("%w: no topic", ErrInvalidPacket)
	case strings.ContainsAny(topic, "+#"):
		return fmt.Errorf("%w: topic %q has a wildcard", ErrInvalidPacket, topic)
	}
	return checkString("topic", topic)
}

// checkConnect returns an error if p is invalid. The error contains neither the
// user name nor the password.
func checkConnect(p *paho.Connect) error {
	if len(p.Password) > maxStringLength {
		return fmt.Errorf("%w: the password has more than %d bytes", ErrInvalidPacket, maxStringLength)
	}
	if checkString("user name", p.Username) != nil {
		return fmt.Errorf("%w: the user name is too long or has characters that are not allowed", ErrInvalidPacket)
	}
	if err := checkString("client id", p.ClientID); err != nil || p.WillMessage == nil {
		return err
	}
	return checkTopic(p.WillMessage.Topic)
}
